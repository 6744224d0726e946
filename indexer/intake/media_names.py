"""Which files of a folder are media, by their names; where a name may mean something else, by their first bytes."""

import re
from pathlib import Path

from indexer.media.programs import LAYOUTS, SYNC
from retrieval.errors import MediaError
from retrieval.storage.media_roots import ANYWHERE

_SURE = """
.264 .265 .3g2 .3ga .3gp .3gp2 .3gpp .aac .ac3 .aif .aifc .aiff .amr .ape .apng .asf .av1 .avi .awb .bwf .caf .divx
.dts .dv .dvr-ms .ec3 .eac3 .f4a .f4b .f4p .f4v .flac .flv .gif .gxf .h26l .h264 .h265 .hevc .insv .isma .ismv .ivf
.m1a .m1v .m2a .m2p .m2t .m2ts .m2v .m4a .m4b .m4r .m4v .mj2 .mk3d .mka .mkv .mov .mp1 .mp2 .mp2v .mp3 .mp4 .mp4v .mpe
.mpeg .mpg .mpg4 .mpgv .mpv .mpv2 .mqv .mxf .nsv .nut .obu .oga .ogg .ogm .ogv .ogx .opus .qt .rf64 .rmvb .rv .spx
.swf .tod .trp .tta .vc1 .vob .vro .w64 .wav .wave .weba .webm .wm .wma .wmv .wtv .wv .xvid .y4m
"""
_DOUBTFUL = """
.360 .au .avc .dat .dif .evo .ism .mac .mod .mp+ .mpa .mpc .mpp .mts .ps .psp .ra .rm .snd .tp .ts .voc
"""
SURE_SUFFIXES = frozenset(_SURE.split())
DOUBTFUL_SUFFIXES = frozenset(_DOUBTFUL.split())
"""Endings that other files have too: TypeScript, Modula and tracker music, PostScript, databases, plans."""

_HEAD_BYTES = 4096
_STARTS = re.compile(
    rb"\x00\x00\x01[\xb3\xba]|\x00\x00\x00\x01|\x00\x00\x01[\x06\x09\x27\x47\x67]"  # MPEG and H.264 start codes
    rb"|\x00.{3}(?:ftyp|moov|mdat|free|skip|wide|styp|moof)|\x1a\x45\xdf\xa3|RIFF|RF64|OggS|fLaC|caff"
    rb"|\.RMF|\.ra\xfd|\.snd|MAC\x20|MPCK|MP\+|ID3[\x02-\x04]|Creative\x20Voice\x20File|\x1f\x07\x00"
    rb"|\xff[\xe2-\xe7\xea-\xef\xf2-\xf7\xfa-\xff]|\x0b\x77|\x7f\xfe\x80\x01",  # frames of MPEG audio, AC-3, DTS
    re.DOTALL,
)
_PACKETS_LOOKED_AT = 4


def is_media(file: Path) -> bool:
    """Whether a folder's file is to be indexed. One that cannot be read is, so that somebody says so."""
    suffix = file.suffix.lower()
    if suffix not in DOUBTFUL_SUFFIXES:
        return suffix in SURE_SUFFIXES
    try:
        with ANYWHERE.opened(file) as opened:
            head = opened.read(_HEAD_BYTES)
    except (MediaError, OSError):
        return True
    return _STARTS.match(head) is not None or _is_transport_stream(head)


def _is_transport_stream(head: bytes) -> bool:
    """Whether packets of one length follow one another, wherever the first of them begins."""
    return any(
        all(head[first + number * length] == SYNC for number in range(_PACKETS_LOOKED_AT))
        for length, _ in LAYOUTS
        for first in range(length)
        if first + (_PACKETS_LOOKED_AT - 1) * length < len(head)
    )

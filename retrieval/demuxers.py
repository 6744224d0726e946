"""What ffmpeg may read of media that others made: the file it is given, and no other."""

# Demuxers that read nothing but the file they are given. Playlists (hls, dash, concat), picture
# sequences (image2) and devices (lavfi) are left out: they name other files, or addresses, to open.
DEMUXERS = (
    "aac,ac3,aiff,amr,ape,apng,asf,au,av1,avi,caf,dts,dv,eac3,flac,flv,gif,gxf,h264,hevc,ivf,m4v,matroska,"
    "mov,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nsv,nut,obu,ogg,rm,swf,tta,vc1,voc,w64,wav,webm,wtv,wv,"
    "yuv4mpegpipe"
)

ONLY_THE_FILE = {"protocol_whitelist": "none", "format_whitelist": DEMUXERS}
"""Options for a file that is handed over open: no protocol opens another."""

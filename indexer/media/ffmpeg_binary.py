"""Where ffmpeg is: the system's if there is one, else the one that imageio-ffmpeg's wheel carries."""

import shutil


def ffmpeg_path() -> str:
    """Path of an ffmpeg program that can be run."""
    system = shutil.which("ffmpeg")
    if system is not None:
        return system
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())

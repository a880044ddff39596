"""FFmpeg's libraries, as OpenCV's wheel carries them, and the calls that are made of them.

Not for using them: `sound_track` does that. They are under the LGPL, and are linked to at run time.
"""

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import CDLL, CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint, c_void_p
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any, Final

from connectors.extraction.ffmpeg.layouts import (
    ChannelLayout,
    FormatContext,
    Frame,
    InputContext,
    Packet,
)

PACKAGE: Final = "opencv-python-headless"
MAJORS: Final = {"avutil": 60, "avcodec": 62, "avformat": 62}
"""Versions whose structures `layouts` describes."""

Read = CFUNCTYPE(c_int, c_void_p, POINTER(ctypes.c_uint8), c_int)
Seek = CFUNCTYPE(c_int64, c_void_p, c_int64, c_int)

_Signature = tuple[Any, Sequence[Any]]
_SIGNATURES: Final[Mapping[str, Mapping[str, _Signature]]] = {
    "avutil": {
        "av_malloc": (c_void_p, [c_size_t]),
        "av_freep": (None, [c_void_p]),
        "av_dict_set": (c_int, [POINTER(c_void_p), c_char_p, c_char_p, c_int]),
        "av_dict_free": (None, [POINTER(c_void_p)]),
        "av_frame_alloc": (POINTER(Frame), []),
        "av_frame_free": (None, [POINTER(POINTER(Frame))]),
        "av_opt_get_int": (c_int, [c_void_p, c_char_p, c_int, POINTER(c_int64)]),
        "av_opt_get_chlayout": (c_int, [c_void_p, c_char_p, c_int, POINTER(ChannelLayout)]),
        "av_channel_layout_uninit": (None, [POINTER(ChannelLayout)]),
    },
    "avcodec": {
        "av_packet_alloc": (POINTER(Packet), []),
        "av_packet_unref": (None, [POINTER(Packet)]),
        "av_packet_free": (None, [POINTER(POINTER(Packet))]),
        "avcodec_alloc_context3": (c_void_p, [c_void_p]),
        "avcodec_free_context": (None, [POINTER(c_void_p)]),
        "avcodec_parameters_to_context": (c_int, [c_void_p, c_void_p]),
        "avcodec_open2": (c_int, [c_void_p, c_void_p, POINTER(c_void_p)]),
        "avcodec_send_packet": (c_int, [c_void_p, POINTER(Packet)]),
        "avcodec_receive_frame": (c_int, [c_void_p, POINTER(Frame)]),
    },
    "avformat": {
        "avio_alloc_context": (
            POINTER(InputContext),
            [c_void_p, c_int, c_int, c_void_p, Read, c_void_p, Seek],
        ),
        "avio_context_free": (None, [POINTER(POINTER(InputContext))]),
        "avformat_alloc_context": (POINTER(FormatContext), []),
        "avformat_open_input": (
            c_int,
            [POINTER(POINTER(FormatContext)), c_char_p, c_void_p, POINTER(c_void_p)],
        ),
        "avformat_close_input": (None, [POINTER(POINTER(FormatContext))]),
        "av_find_best_stream": (
            c_int,
            [POINTER(FormatContext), c_int, c_int, c_int, POINTER(c_void_p), c_int],
        ),
        "av_read_frame": (c_int, [POINTER(FormatContext), POINTER(Packet)]),
    },
}


class FFmpeg:
    """Its calls, each as in its headers; the attributes are their names."""

    def __init__(self, libraries: Mapping[str, CDLL]) -> None:
        for library, calls in _SIGNATURES.items():
            for name, (result, arguments) in calls.items():
                call = getattr(libraries[library], name)
                call.restype, call.argtypes = result, list(arguments)
                setattr(self, name, call)

    def __getattr__(self, name: str) -> Any:
        """Only for the types: every call is set above."""
        raise AttributeError(name)


@cache
def ffmpeg() -> FFmpeg:
    """FFmpeg's calls.

    Raises:
        OSError: the libraries are not there, or are of another version than is known here.
    """
    return FFmpeg({name: _loaded(name, major) for name, major in MAJORS.items()})


def _loaded(name: str, major: int) -> CDLL:
    found = [
        Path(str(file.locate()))
        for file in files(PACKAGE) or ()
        if file.name.startswith(f"lib{name}-")
    ]
    if len(found) != 1:
        raise OSError(f"{PACKAGE} carries no lib{name}: is it the wheel of PyPI?")
    library = CDLL(str(found[0]))
    version = getattr(library, f"{name}_version")
    version.restype = c_uint
    if version() >> 16 != major:
        raise OSError(f"{PACKAGE} carries lib{name} {version() >> 16}, and {major} is known here")
    return library

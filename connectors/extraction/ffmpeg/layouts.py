"""The beginnings of FFmpeg's public structures, as far as they are looked at.

Not for calls: `libraries` declares those. What comes behind the last field is left to FFmpeg, which
also makes every one of them but the channel layout.

Source: libavformat 62, libavcodec 62 and libavutil 60 (FFmpeg 8), avformat.h, avio.h,
packet.h, frame.h and channel_layout.h. They stand as long as these major versions do.
"""

from ctypes import POINTER, Structure, c_int, c_int64, c_uint, c_uint64, c_void_p


class ChannelLayout(Structure):
    """AVChannelLayout, whole: FFmpeg copies one into it."""

    _fields_ = (
        ("order", c_int),
        ("channels", c_int),
        ("mask", c_uint64),
        ("opaque", c_void_p),
    )


class InputContext(Structure):
    """AVIOContext."""

    _fields_ = (("av_class", c_void_p), ("buffer", c_void_p))


class Stream(Structure):
    """AVStream."""

    _fields_ = (
        ("av_class", c_void_p),
        ("index", c_int),
        ("id", c_int),
        ("parameters", c_void_p),
    )


class FormatContext(Structure):
    """AVFormatContext."""

    _fields_ = (
        ("av_class", c_void_p),
        ("input_format", c_void_p),
        ("output_format", c_void_p),
        ("private", c_void_p),
        ("input", POINTER(InputContext)),
        ("flags", c_int),
        ("stream_count", c_uint),
        ("streams", POINTER(POINTER(Stream))),
    )


class Packet(Structure):
    """AVPacket."""

    _fields_ = (
        ("buffer", c_void_p),
        ("pts", c_int64),
        ("dts", c_int64),
        ("data", c_void_p),
        ("size", c_int),
        ("stream_index", c_int),
    )


class Frame(Structure):
    """AVFrame."""

    _fields_ = (
        ("data", c_void_p * 8),
        ("linesize", c_int * 8),
        ("planes", POINTER(c_void_p)),
        ("width", c_int),
        ("height", c_int),
        ("samples", c_int),
        ("format", c_int),
    )

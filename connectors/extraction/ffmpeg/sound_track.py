"""Bytes of an MP4, WebM or Matroska film to samples of its sound track.

Not for its frames: `visual.films` reads those. Runs in a decoder's process: what hostile bytes make
FFmpeg do there costs one medium.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from ctypes import byref, c_int64, c_void_p, memmove, string_at
from typing import Any, Final, Self

import numpy as np

from connectors.extraction.audio.sound import LONGEST_S, Samples, finished, judge_sound
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.ffmpeg.layouts import ChannelLayout, Frame, InputContext
from connectors.extraction.ffmpeg.libraries import Read, Seek, ffmpeg

CONTAINERS: Final = b"mov,matroska"
CODECS: Final = b"aac,mp3float,opus,vorbis,flac"
BUFFER_BYTES: Final = 64 * 1024
_AUDIO: Final = 1  # AVMEDIA_TYPE_AUDIO
_ASKS_SIZE: Final = 0x10000  # AVSEEK_SIZE
_WHENCE: Final = 0xFFFF  # without AVSEEK_FORCE
_END: Final = -int.from_bytes(b"EOF ", "little")  # AVERROR_EOF
_NO_STREAM: Final = -int.from_bytes(b"\xf8STR", "little")  # AVERROR_STREAM_NOT_FOUND
# AVSampleFormat: type of a sample, its full scale, whether each channel lies by itself
_FORMATS: Final = {
    1: ("i2", 2.0**15, False),
    2: ("i4", 2.0**31, False),
    3: ("f4", 1.0, False),
    6: ("i2", 2.0**15, True),
    7: ("i4", 2.0**31, True),
    8: ("f4", 1.0, True),
}


def decode_sound_track(data: bytes) -> Samples:
    """The first minute of a film's sound.

    Returns:
        As `decode_sound`.

    Raises:
        MediaError: no_sound where it has none; else why it cannot be read.
    """
    means: list[Samples] = []
    rate_hz = samples = 0
    with SoundTrack(data) as track:
        for mean, its_rate_hz in track.stretches():
            if rate_hz not in {0, its_rate_hz}:
                raise _failed("its rate changes")
            rate_hz = its_rate_hz
            means.append(mean)
            samples += mean.size
            if samples >= LONGEST_S * rate_hz:
                break
    if not means:
        raise _failed("none of it can be decoded")
    return finished(means, rate_hz)


class SoundTrack:
    """The sound track of a film. A context manager.

    Args:
        data: the film.
    """

    def __init__(self, data: bytes) -> None:
        self._calls = ffmpeg()
        self._source = _Source(data)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            MediaError: the film has none, or it cannot be read.
        """
        with ExitStack() as opening:
            self._open_film(opening)
            self._open_decoder(opening)
            self._make_room(opening)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Give back what FFmpeg took."""
        self._open.close()

    def stretches(self) -> Iterator[tuple[Samples, int]]:
        """What it decodes to, one after another.

        Yields:
            Mean of the channels, full scale ±1, [samples], and samples a second.

        Raises:
            MediaError: out of bounds.
        """
        calls, packet = self._calls, self._packet
        while calls.av_read_frame(self._film, packet) >= 0:
            if packet.contents.stream_index == self._index:
                # a broken packet gives no frame, and the next is read, as players do
                calls.avcodec_send_packet(self._decoder, packet)
                yield from self._frames()
            calls.av_packet_unref(packet)
        calls.avcodec_send_packet(self._decoder, None)  # what is left within
        yield from self._frames()

    def _frames(self) -> Iterator[tuple[Samples, int]]:
        while self._calls.avcodec_receive_frame(self._decoder, self._frame) >= 0:
            channels, rate_hz = self._channels(), self._rate_hz()
            judge_sound(channels, rate_hz)
            yield _mean(self._frame.contents, channels), rate_hz

    def _open_film(self, opening: ExitStack) -> None:
        calls, source = self._calls, self._source
        read = calls.avio_alloc_context(
            calls.av_malloc(BUFFER_BYTES), BUFFER_BYTES, 0, None, source.read, None, source.seek
        )
        opening.callback(calls.avio_context_free, byref(read))
        opening.callback(calls.av_freep, byref(read.contents, InputContext.buffer.offset))
        self._film = calls.avformat_alloc_context()
        self._film.contents.input = read
        options = self._options(opening, format_whitelist=CONTAINERS, protocol_whitelist=b"none")
        if calls.avformat_open_input(byref(self._film), None, None, byref(options)) < 0:
            raise _failed("the film cannot be opened")
        opening.callback(calls.avformat_close_input, byref(self._film))

    def _open_decoder(self, opening: ExitStack) -> None:
        calls, codec = self._calls, c_void_p()
        self._index = calls.av_find_best_stream(self._film, _AUDIO, -1, -1, byref(codec), 0)
        if self._index == _NO_STREAM:
            raise MediaError(AbsentReason.NO_SOUND, "film: it has no sound")
        if self._index < 0:
            raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, "film: its sound is not read")
        self._decoder = c_void_p(calls.avcodec_alloc_context3(codec))
        opening.callback(calls.avcodec_free_context, byref(self._decoder))
        stream = self._film.contents.streams[self._index].contents
        calls.avcodec_parameters_to_context(self._decoder, stream.parameters)
        judge_sound(self._channels(), self._rate_hz())
        options = self._options(opening, codec_whitelist=CODECS, threads=b"1")
        if calls.avcodec_open2(self._decoder, codec, byref(options)) < 0:
            raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, "film: its sound is not read")

    def _make_room(self, opening: ExitStack) -> None:
        calls = self._calls
        self._packet, self._frame = calls.av_packet_alloc(), calls.av_frame_alloc()
        opening.callback(calls.av_packet_free, byref(self._packet))
        opening.callback(calls.av_frame_free, byref(self._frame))

    def _options(self, opening: ExitStack, **values: bytes) -> c_void_p:
        options = c_void_p()
        for name, value in values.items():
            self._calls.av_dict_set(byref(options), name.encode(), value, 0)
        opening.callback(self._calls.av_dict_free, byref(options))
        return options

    def _channels(self) -> int:
        layout = ChannelLayout()
        self._calls.av_opt_get_chlayout(self._decoder, b"ch_layout", 0, byref(layout))
        channels = int(layout.channels)
        self._calls.av_channel_layout_uninit(byref(layout))
        return channels

    def _rate_hz(self) -> int:
        rate = c_int64()
        self._calls.av_opt_get_int(self._decoder, b"ar", 0, byref(rate))
        return rate.value


class _Source:
    """Bytes in memory, as FFmpeg reads them; it must live as long as what reads it.

    Args:
        data: the bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._file, self._size = io.BytesIO(data), len(data)
        self.read, self.seek = Read(self._read), Seek(self._seek)

    def _read(self, _: object, into: Any, most: int) -> int:
        found = self._file.read(most)
        memmove(into, found, len(found))
        return len(found) or _END

    def _seek(self, _: object, offset: int, whence: int) -> int:
        if whence & _ASKS_SIZE:
            return self._size
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._file.tell(), io.SEEK_END: self._size}
        return self._file.seek(max(0, start.get(whence & _WHENCE, 0) + offset))


def _mean(frame: Frame, channels: int) -> Samples:
    """Mean of a frame's channels, full scale ±1, [samples]."""
    if frame.format not in _FORMATS:
        raise _failed(f"samples of format {frame.format}")
    kind, scale, planar = _FORMATS[frame.format]
    of = np.dtype(kind)
    size = frame.samples * of.itemsize
    if planar:
        held = b"".join(string_at(frame.planes[channel], size) for channel in range(channels))
        samples = np.frombuffer(held, of).reshape(channels, frame.samples).T
    else:
        held = string_at(frame.planes[0], size * channels)
        samples = np.frombuffer(held, of).reshape(frame.samples, channels)
    with np.errstate(invalid="ignore", over="ignore"):  # `finished` judges
        mean: Samples = samples.mean(axis=1, dtype=np.float64) / scale
    return mean


def _failed(why: str) -> MediaError:
    return MediaError(AbsentReason.DECODER_FAILED, f"film's sound: {why}")

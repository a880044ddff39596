"""Films with a sound track, put together on the spot. Not for what is expected of them.

Sources: ISO/IEC 14496-12 and -14 (MP4), RFC 9559 (Matroska), RFC 3533 (Ogg).
"""

import base64
import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from tests.unit.connectors_extraction.media_files import recording, tone

AAC_RATE_HZ: Final = 16_000
AAC_SAMPLES: Final = 1024
"""Of a packet; the first one's are none of the recording, but what the encoder begins with."""
_AAC_SIZES: Final = (114, 135, 84, 113, 98, 94, 63, 91, 92, 110, 105, 93, 92)
# 0.77 s of 220 Hz at an amplitude of 0.1, by FFmpeg's encoder: no package at hand has one
_AAC: Final = base64.b64decode(
    "3gIATGF2YzYyLjI4LjEwMgACkJ4nmevn6+OL1clpFpJEkkAJCQkJepgfrvXehQRSmzYMDAyIGNmwYGBkUsps3LLLLLLK"
    "bllllllllllllllllllllllllllllllllllllllllllllllllllllllllll4ATiU2sp1ZTqynVkunr/HnV3L1/9P4/5+"
    "Nau71/+H9v+vtrV3d/+n9P+vx1xer0EXLDRUqVKlbpVwnIqekPI49yqdas1yg00oMuUGXKDLlBlyuDAy3lUDAy3RT4IT"
    "xJDUYXUppTITKDBKgYJUDBLgwS4MEhLuDAwSEu4MDD+6mNRRRRRRRRRwATjvC8r9P+n+fr8OJpd2uRJJJEgGT4bCQYwb"
    "CffQBkzAe+gDJmAz6CGTMB7+4HxmAz6AMmYDPoAyZgPfQB8fAGf3AyZgPf3AyZgHdAGTMBn0AP5uAO4vBCAROlX/7f/0"
    "//t/5fXxxVIREIiEDUyyjFBBBTfeGXr14MDAwMDAwMDAwMLBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGB"
    "gYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgZwA9i8FCWP/w//sf/l/v8e3FIiIhERAlr1kpIpppppppppppppp"
    "pppppppppppppppppppgwMmmmmmmmmmmmmmmmmmDAwMmmmmmmmDAwMDAwMPTTTTBgYGBgYGBgYGBh49NwAD8LwvJ/8f/"
    "2P//X6/HtckSJCIiIH0e5wEpFwYGDnFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
    "FFFFFFFFFFFFFFFFFFFFFHAA/i8KILISf9v/7H/4/+Xnji5ckj4g+n0+hglJEPoPoPoPpRrooooooooooooooooooooo"
    "ooooooooooooo4AA/i8KwCIyf6//1v/t/5fHXFySJERaRB9Pp9DCQEQMKBQPo8888888888888888888888888888888"
    "88888888x555555555jzzzzzzzzzzzzzzzzzzzzzzz3AAPovC8f9P/63/4/9/j24RIkQiIiDXRQAgEQMDCgPPPPPPPPP"
    "PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPcA8i8EIBJqPf+n/9X/"
    "8f+/18cUIiIhEIGwPgiBgYGDzzzzzzzzzzz37/bzzzwGBgZG7dAwMDAwMiBgYGBgYGBgYGBgYGBgYGBgYHdAwMDAwMDA"
    "wMDAwMDAwMDAwMDAwMDAwMDAyN0DAwMDAwMD4AD0LwggETJZ/9P/7H/5/9fj20EREIiEB51KQguuuxllllllllllllll"
    "lllAwOWWWUDAwMDllAwMDAwMDMyyyygYGBgYHLLKBgYGBgYGBgYHKBgYGBgYGBgYGBgYGjA5ZZQMDAwMDAwPgAD6LwvH"
    "/x//Y//9fr8e2kSRERCIg+XNOAc4UFBQnEUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU"
    "UUUUUUUUUUUUUUUUUUUUUUUUXAFMLwvHP8fvxq7klyJERERB8vl8vkj5HNQKBQKDUUUUUUUUCiiiiiiiiiiiiiiiiiii"
    "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiijg"
)
_AAC_CONFIG: Final = bytes.fromhex("1408")  # AAC-LC, 16 kHz, one channel


def aac_packets() -> list[bytes]:
    ends = list(accumulate(_AAC_SIZES))
    return [_AAC[end - size : end] for size, end in zip(_AAC_SIZES, ends, strict=True)]


def with_aac(film: bytes, packets: Sequence[bytes]) -> bytes:
    """An MP4 of OpenCV's with a sound track of AAC behind its pictures."""
    before, movie = film[: film.rindex(b"moov") - 4], film[film.rindex(b"moov") + 4 :]
    sound = _box(b"mdat", b"".join(packets))
    track = _track(packets, len(before) + 8)
    return before + sound + _box(b"moov", movie + track)


def webm_of_opus(duration_s: float, said: bytes = b"A_OPUS") -> bytes:
    """A WebM of a tone in Opus without pictures, and what it says that its codec is."""
    head, _, *packets = _ogg_packets(recording(tone(220, duration_s), "OPUS"))
    audio = _element("B5", struct.pack(">f", 48_000)) + _element("9F", b"\1")
    entry = (
        _element("D7", b"\1")
        + _element("73C5", b"\1")
        + _element("83", b"\2")
        + _element("86", said)
        + _element("63A2", head)
        + _element("E1", audio)
    )
    blocks = b"".join(
        _element("A3", struct.pack(">Bhb", 0x81, 20 * number, -128) + packet)
        for number, packet in enumerate(packets)
    )
    segment = (
        _element("1549A966", _element("2AD7B1", (1_000_000).to_bytes(3, "big")))
        + _element("1654AE6B", _element("AE", entry))
        + _element("1F43B675", _element("E7", b"\0") + blocks)
    )
    return _element("1A45DFA3", _element("4282", b"webm")) + _element("18538067", segment)


def _track(packets: Sequence[bytes], at: int) -> bytes:
    duration = len(packets) * AAC_SAMPLES
    tables = (
        _whole(b"stsd", struct.pack(">I", 1) + _sample_entry())
        + _whole(b"stts", struct.pack(">III", 1, len(packets), AAC_SAMPLES))
        + _whole(b"stsc", struct.pack(">IIII", 1, 1, len(packets), 1))
        + _whole(b"stsz", struct.pack(">II", 0, len(packets)) + _sizes(packets))
        + _whole(b"stco", struct.pack(">II", 1, at))
    )
    source = _box(b"dinf", _whole(b"dref", struct.pack(">I", 1) + _whole(b"url ", b"", 1)))
    media = (
        _whole(b"mdhd", struct.pack(">IIIIHH", 0, 0, AAC_RATE_HZ, duration, 0x55C4, 0))
        + _whole(b"hdlr", bytes(4) + b"soun" + bytes(13))
        + _box(b"minf", _whole(b"smhd", bytes(4)) + source + _box(b"stbl", tables))
    )
    kept_ms = (duration - AAC_SAMPLES) * 1000 // AAC_RATE_HZ
    header = struct.pack(">IIIII", 0, 0, 2, 0, kept_ms) + bytes(60)
    edit = _whole(b"elst", struct.pack(">IIIHH", 1, kept_ms, AAC_SAMPLES, 1, 0))
    return _box(b"trak", _whole(b"tkhd", header, 3) + _box(b"edts", edit) + _box(b"mdia", media))


def _sample_entry() -> bytes:
    config = _descriptor(5, _AAC_CONFIG)
    decoder = _descriptor(4, bytes([0x40, 0x15]) + bytes(11) + config)
    description = _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\2"))
    fixed = bytes(6) + struct.pack(">HQHHIHH", 1, 0, 1, 16, 0, AAC_RATE_HZ, 0)
    return _box(b"mp4a", fixed + _whole(b"esds", description))


def _sizes(packets: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(packet)) for packet in packets)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _whole(name: bytes, content: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + content)


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + struct.pack(">Q", len(content) | 1 << 56) + content


def _ogg_packets(data: bytes) -> Iterator[bytes]:
    packet, at = b"", 0
    while at < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lacing)
        for size in lacing:
            packet, at = packet + data[at : at + size], at + size
            if size < 255:
                yield packet
                packet = b""

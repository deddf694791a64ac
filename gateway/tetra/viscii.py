"""The VISCII character set (RFC 1456), which Python has no codec for. A table, nothing else.

Checked character by character against two other implementations of it.
"""

_LOW = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
"""The six control codes that stand for letters."""
_HIGH = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"  # 0x80
    "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"  # 0x90
    "Õắằặấầẩậẽẹếềểễệố"  # 0xA0
    "ồổỗỠƠộờởịỰỨỪỬơớƯ"  # 0xB0
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"  # 0xC0
    "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"  # 0xD0
    "àáâãảăữẫèéêẻìíĩỉ"  # 0xE0
    "đựòóôõỏọụùúũủýợỮ"  # 0xF0
)

CHARACTERS = "".join(_LOW.get(code, chr(code)) for code in range(128)) + _HIGH
"""Code 0 to 255 -> character."""


def decode(data: bytes) -> str:
    """Return the text; every byte is a character."""
    return "".join(CHARACTERS[code] for code in data)

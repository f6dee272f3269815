"""USB readers by their ids, and the udev rule that lets people use them."""

from typing import NamedTuple


class Model(NamedTuple):
    """A kind of USB reader. `driver` is nfcpy's; empty where it has none."""

    vendor: int
    product: int
    name: str
    driver: str


MODELS = (
    Model(0x054C, 0x06C1, "Sony RC-S380/S", "rcs380"),
    Model(0x054C, 0x06C3, "Sony RC-S380/P", "rcs380"),
    Model(0x054C, 0x0DC8, "Sony RC-S300/S", ""),
    Model(0x054C, 0x0DC9, "Sony RC-S300/P", ""),
    Model(0x054C, 0x02E1, "Sony RC-S330/S360/S370", "rcs956"),
    Model(0x054C, 0x0193, "Sony PN531", "pn531"),
    Model(0x04CC, 0x0531, "Philips PN531 (SCL3710)", "pn531"),
    Model(0x04CC, 0x2533, "NXP PN533", "pn533"),
    Model(0x04E6, 0x5591, "SCM SCL3711", "pn533"),
    Model(0x04E6, 0x5593, "SCM SCL3712", "pn533"),
    Model(0x072F, 0x2200, "ACS ACR122U", "acr122"),
)
"""nfcpy's own table (nfc/clf/device.py), and the RC-S300, which needs PC/SC."""

GRABBING_MODULES = ("port100", "pn533_usb", "pn533", "nfcsim", "nfc")
"""Kernel modules that take such a reader for the kernel's own NFC stack, or hold one that does."""

RULE_NAME = "60-farebox.rules"


def model_of(vendor: int, product: int) -> Model | None:
    """The kind of reader with these ids."""
    return next((model for model in MODELS if (model.vendor, model.product) == (vendor, product)), None)


def rule_line(model: Model) -> str:
    """What lets the group plugdev, and whoever sits at the machine, use such a reader."""
    return (
        f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{model.vendor:04x}", ATTR{{idProduct}}=="{model.product:04x}", '
        'GROUP="plugdev", MODE="0660", TAG+="uaccess"'
    )


def udev_rule() -> str:
    """The whole file, for /etc/udev/rules.d."""
    head = (
        "# farebox: USB card readers may be used by the group plugdev.\n"
        "# After a change: udevadm control --reload && udevadm trigger\n"
    )
    return head + "".join(f"# {model.name}\n{rule_line(model)}\n" for model in MODELS)

"""The version of the software, as journals and --version have it."""

VERSION = "0.1.0"

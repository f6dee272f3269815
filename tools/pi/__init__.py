"""What makes a Raspberry Pi a fare box: systemd's units, and the Debian package that holds everything."""

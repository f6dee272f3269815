"""The driver's console: a process of its own beside the terminal, over a local socket.

`protocol` is what passes between them, `server` the terminal's end, `client` the console's, `view` makes the picture
of the moment, `app` and `display` show it to the driver and the passenger. The terminal lives on when any of them dies.
"""

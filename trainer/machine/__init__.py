"""Devices, processes, signals, locks and durable files; nothing here knows datasets or networks."""

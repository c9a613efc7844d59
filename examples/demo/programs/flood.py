"""Writes 256 MiB to standard output."""
line = "all work and no play " * 50
for _ in range(256 * 1024):
    print(line[:1023])

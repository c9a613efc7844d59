"""Takes memory and keeps it, 8 MiB at a time, up to 2 GiB."""
held = []
for _ in range(256):
    held.append(bytearray(b"x") * (8 << 20))
print("got 2 GiB")

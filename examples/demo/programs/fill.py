"""Writes 1 GiB to its folder."""
with open("junk", "wb") as junk:
    for _ in range(1024):
        junk.write(b"x" * (1 << 20))
print("wrote 1 GiB")

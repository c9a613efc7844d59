"""Reads the password hashes of the host."""
print(open("/etc/shadow").read())

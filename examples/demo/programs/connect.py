"""Looks for a way out: connecting a UDP socket asks for a route, and sends
nothing. 192.0.2.1 is an address for documentation (RFC 5737)."""
import socket

socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))
print("there is a route to the outside")

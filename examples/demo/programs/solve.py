"""Prints the length of the longest strictly rising subsequence of the input:
a count, then that many numbers."""
import bisect
import sys

count, *numbers = map(int, sys.stdin.read().split())
tails = []
for x in numbers[:count]:
    at = bisect.bisect_left(tails, x)
    tails[at:at + 1] = [x]
print(len(tails))

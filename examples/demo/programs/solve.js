// Prints the length of the longest strictly rising subsequence of the input:
// a count, then that many numbers.
const [count, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const tails = [];
for (const x of numbers.slice(0, count)) {
  let low = 0;
  let high = tails.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tails[middle] < x) low = middle + 1;
    else high = middle;
  }
  tails[low] = x;
}
console.log(tails.length);

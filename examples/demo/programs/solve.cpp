// Prints the length of the longest strictly rising subsequence of the input:
// a count, then that many numbers.
#include <algorithm>
#include <iostream>
#include <vector>

int main()
{
    std::vector<long> tails;
    long n, x;

    std::cin >> n;
    while (n-- > 0 && std::cin >> x) {
        auto at = std::lower_bound(tails.begin(), tails.end(), x);
        if (at == tails.end())
            tails.push_back(x);
        else
            *at = x;
    }
    std::cout << tails.size() << "\n";
}

package plan

// byNumber holds the places of calls in the order of arm64's numbers.
var byNumber = [len(calls)]uint8{
	19, 62, 7, 18, 6, 50, 49, 52, 53, 40, 39, 37, 35, 56, 20, 21,
	55, 51, 48, 2, 3, 0, 1, 9, 57, 61, 54, 59, 60, 32, 33, 34,
	15, 46, 58, 43, 45, 44, 17, 4, 5, 36, 26, 27, 28, 29, 30, 31,
	23, 24, 25, 41, 42, 22, 38, 8, 10, 11, 12, 47, 13, 14, 16, 63,
	64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74,
}

// inOrder gives the row of the i-th number.
func inOrder(i int) *call { return &calls[byNumber[i]] }

package plan

// byNumber holds the places of calls in the order of arm64's numbers.
var byNumber = [len(calls)]uint8{
	19, 59, 7, 18, 6, 48, 47, 50, 38, 37, 35, 33, 53, 20, 21, 52,
	49, 46, 2, 3, 0, 1, 9, 54, 58, 51, 56, 57, 30, 31, 32, 15,
	44, 55, 41, 43, 42, 17, 4, 5, 34, 26, 27, 28, 29, 23, 24, 25,
	39, 40, 22, 36, 8, 10, 11, 12, 45, 13, 14, 16, 60, 61, 62, 63,
	64, 65, 66, 67, 68, 69, 70,
}

// inOrder gives the row of the i-th number.
func inOrder(i int) *call { return &calls[byNumber[i]] }

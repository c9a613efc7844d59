package main

func doctorCommand(*request) int { return 1 }

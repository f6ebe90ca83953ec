// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func main() {
	a, b := make(chan int, 1), make(chan string, 1)
	a <- 1
	for i := 0; i < 2; i++ {
		select {
		case n := <-a:
			println(n)
			b <- "x"
		case s := <-b:
			println(s)
		}
	}
}

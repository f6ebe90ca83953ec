// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "sync"

func work(id int, wg *sync.WaitGroup) {
	x := id * 2
	x++
	x *= 3
	wg.Done()
}

func main() {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go work(i, &wg)
	}
	wg.Wait()
	println("done")
}

// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "time"

func worker(n int, done chan bool) {
	defer close(done)
	if n > 0 {
		panic("worker failed")
	}
}

func main() {
	done := make(chan bool)
	go worker(1, done)
	<-done
	time.Sleep(time.Hour)
}

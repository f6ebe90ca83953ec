// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"
import "time"

func main() {
	utc := time.Date(2024, 3, 1, 12, 30, 0, 5, time.UTC)
	old := time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC)
	zero := time.Time{}
	d := 90 * time.Second
	month := time.March
	pointer := &utc
	runtime.Breakpoint()
	println(utc.Unix(), old.Unix(), zero.IsZero(), d, month, pointer)
}

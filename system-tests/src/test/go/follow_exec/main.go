package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

func child(name string) int {
	sum := 0
	for _, c := range name {
		sum += int(c)
	}
	return sum
}

func done(n int) {
	fmt.Println("done", n)
}

// Starts three processes of itself, one after the other; with -all all at once, with -wait after a while.
func main() {
	how := ""
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	if how != "" && how[0] != '-' {
		fmt.Println("child", how, child(how))
		return
	}
	if how == "-wait" {
		time.Sleep(3 * time.Second)
	}
	started := []*exec.Cmd{}
	for _, name := range []string{"one", "two", "three"} {
		cmd := exec.Command("/proc/self/exe", name)
		cmd.Stdout = os.Stdout
		cmd.Start()
		if how == "-all" {
			started = append(started, cmd)
		} else if err := cmd.Wait(); err != nil {
			fmt.Println(err)
		}
	}
	for _, cmd := range started {
		cmd.Wait()
	}
	done(3)
}

// One binary that is etcd, kube-apiserver, kubectl and what of a kubelet the
// tests need, so that they need a Go toolchain and nothing else. The name it is
// called by, or else its first argument, says which.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if !run() {
		os.Args = os.Args[1:]
		if len(os.Args) == 0 || !run() {
			fmt.Fprintln(os.Stderr, "usage: etcd|kube-apiserver|kubectl|kubelet ARGUMENTS")
			os.Exit(2)
		}
	}
}

// run becomes the program that argv[0] names; it is false when it names none.
func run() bool {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "etcd":
		exitWithParent()
		fail(etcd())
	case "kube-apiserver":
		exitWithParent()
		os.Exit(cli.Run(app.NewAPIServerCommand()))
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	case "kubelet":
		exitWithParent()
		fail(kubelet())
	default:
		return false
	}
	return true
}

// exitWithParent ends a server when the other end of its standard input closes:
// a test run that is killed cannot end its servers itself.
func exitWithParent() {
	if os.Getenv("EXIT_WITH_STDIN") == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}

// etcd knows the flags that the harness gives to a real etcd, and no others.
func etcd() error {
	config := embed.NewConfig()
	config.LogLevel = "warn"
	// Without it each request is slow, and is logged.
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	flag.StringVar(&config.Dir, "data-dir", "", "where the data is kept")
	flag.BoolVar(&config.UnsafeNoFsync, "unsafe-no-fsync", false, "do not wait for the disk")
	urls := func(to *[]url.URL) func(string) error {
		return func(value string) error {
			parsed, err := url.Parse(value)
			if err == nil {
				*to = []url.URL{*parsed}
			}
			return err
		}
	}
	flag.Func("listen-client-urls", "one URL", urls(&config.ListenClientUrls))
	flag.Func("advertise-client-urls", "one URL", urls(&config.AdvertiseClientUrls))
	flag.Func("listen-peer-urls", "one URL", urls(&config.ListenPeerUrls))
	flag.Parse()
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	return <-server.Err()
}

// kubelet forwards ports of pods, by the server of a real one, and does nothing
// else. No pod has a network of its own: a port of any is that of the loopback.
func kubelet() error {
	address := flag.String("address", "", "where it listens")
	certificate := flag.String("tls-cert-file", "", "its certificate")
	key := flag.String("tls-private-key-file", "", "the key of it")
	flag.Parse()
	const idle, creation = time.Minute, 10 * time.Second
	forward := func(w http.ResponseWriter, r *http.Request) {
		options, err := portforward.NewV4Options(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		protocols := []string{portforward.ProtocolV1Name}
		pod := r.PathValue("pod")
		portforward.ServePortForward(w, r, loopback{}, pod, "", options, idle, creation, protocols)
	}
	http.HandleFunc("/portForward/{namespace}/{pod}", forward)
	return http.ListenAndServeTLS(*address, *certificate, *key, nil)
}

type loopback struct{}

func (loopback) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer connection.Close()
	ended := make(chan struct{}, 2)
	pipe := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from)
		ended <- struct{}{}
	}
	go pipe(connection, stream)
	go pipe(stream, connection)
	// Whoever closes first, closes both.
	<-ended
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

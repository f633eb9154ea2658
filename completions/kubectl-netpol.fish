# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_netpol_global_optspecs
    string join \n n/namespace= f/filename= k/kustomize= R/recursive strict with= without= o/output= color= cni= pod-cidr= service-cidr= kubeconfig= context= cluster= user= as= as-group= as-uid= token= s/server= certificate-authority= client-certificate= client-key= tls-server-name= insecure-skip-tls-verify= request-timeout= disable-compression= v/v= h/help V/version
end

function __fish_kubectl_netpol_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_netpol_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_netpol_using_subcommand
    set -l cmd (__fish_kubectl_netpol_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "explain" -d 'Explain what policies apply to a workload, or why a connection is allowed or denied'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "who-can-reach" -d 'Find every source that can open connections to a workload, a Service, a node or an address'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "list" -d 'List all connections that are allowed'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "diff" -d 'Show which connections appear, disappear or change if manifests were applied'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "default-deny" -d 'Print policies that deny everything to and from a namespace but DNS'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "allow-endpoint" -d 'Let a workload reach a host outside, or a Service, by a policy of its own'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "disallow-endpoint" -d 'Take back what allow-endpoint opened for a workload'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "refresh-ips" -d 'Bring the addresses of remembered host names up to date'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "endpoints" -d 'List the hosts that policies remember'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "doctor" -d 'Check whether answers about a cluster can be trusted'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "snapshot" -d 'Save what an analysis of the cluster needs, and nothing secret, to one file'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "version" -d 'Print the version of the plugin, and of the server where it can be reached'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "completion" -d 'Print a script that completes commands on TAB'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l to -d 'The destination of connections that TARGET opens; also a URL, whose host is resolved as pods would' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l from -d 'The source of connections that TARGET accepts' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l port -d 'The port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l expect -d 'Exit with code 1 unless the verdict is this' -r -f -a "allow\t'Everything that is asked is allowed'
deny\t'Nothing of it is allowed'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l resolver -d 'The name servers to ask: auto (those of the cluster), system (those of this machine), IP[:PORT]' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l dns -d 'The Service of the cluster\'s DNS, where it is none of kube-system\'s and not OpenShift\'s' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l fix-only -d 'Print only the policies that would allow what is denied, as YAML or with -o json'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l port -d 'The port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l expect -d 'Exit with code 1 if anything else can connect: only=TARGET[,TARGET...]' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l why -d 'Name the rules that let each source in (graphs leave them out)'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s A -l all-namespaces -d 'Sources of every namespace (always so)'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l no-headers -d 'Leave the header of the table out'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand who-can-reach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l from -d 'Only connections that this TARGET may open' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l to -d 'Only connections to this TARGET; of a Service, to the ports of the pods behind it' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l port -d 'Only this port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l direction -d 'Judge one half only: what sources may open, or what destinations accept' -r -f -a "egress\t'The policies of sources'
ingress\t'The policies of destinations'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s A -l all-namespaces -d 'Connections of every namespace (the default with -f)'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l pods -d 'Pods one by one instead of workloads'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l no-headers -d 'Leave the header of the table out'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l base -d 'Lay -f over these manifests instead of the live cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s A -l all-namespaces -d 'Connections of every namespace, though -n is given to complete names'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l dns -d 'The Service of the cluster\'s DNS, where it is none of kube-system\'s and not OpenShift\'s' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l dry-run -d 'Write nothing: client only shows the plan, server lets the server check it too' -r -f -a "none\t'It is written'
client\t'It is shown'
server\t'The server checks it, and keeps nothing'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l allow-same-namespace -d 'Let pods of the namespace talk to each other'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l allow-apiserver -d 'Let pods of the namespace talk to the API server'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l apply -d 'Write the policies to the cluster'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s y -l yes -d 'Do not ask before writing'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l force-conflicts -d 'Change policies that other tools look after, and take over the fields of other managers'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand default-deny" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l url -d 'What to reach: a URL, or HOST:PORT; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l into -d 'Put the rules into this NetworkPolicy instead of one of their own' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l allow-special -d 'Open addresses of this special class, such as link-local or documentation; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l grace -d 'For how long an address stays after it was last seen: 1h to 30d' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l mode -d 'Which kind of policy is written: auto is the one that fits the network plugin' -r -f -a "auto\t'A CiliumNetworkPolicy where Cilium runs, a NetworkPolicy elsewhere'
networkpolicy\t'A NetworkPolicy, whose addresses are refreshed'
cilium\t'A CiliumNetworkPolicy with names, printed and not written'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l resolver -d 'The name servers to ask: auto (those of the cluster), system (those of this machine), IP[:PORT]' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l dns -d 'The Service of the cluster\'s DNS, where it is none of kube-system\'s and not OpenShift\'s' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l dry-run -d 'Write nothing: client only shows the plan, server lets the server check it too' -r -f -a "none\t'It is written'
client\t'It is shown'
server\t'The server checks it, and keeps nothing'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l isolate -d 'Accept that the pods\' first egress policy cuts everything that it does not open'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l allow-rest -d 'Keep everything else open, where the pods have no egress policy yet'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l both-sides -d 'Open the ingress of the pods behind a Service too, where a policy denies it'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l allow-private -d 'Open private addresses that a name leads to'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s y -l yes -d 'Do not ask before writing'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l force-conflicts -d 'Change policies that other tools look after, and take over the fields of other managers'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand allow-endpoint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l url -d 'What to reach no more: a URL, or HOST:PORT; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l dry-run -d 'Write nothing: client only shows the plan, server lets the server check it too' -r -f -a "none\t'It is written'
client\t'It is shown'
server\t'The server checks it, and keeps nothing'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s y -l yes -d 'Do not ask before writing'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l force-conflicts -d 'Change policies that other tools look after, and take over the fields of other managers'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand disallow-endpoint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s l -l selector -d 'Only policies with these labels' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l allow-special -d 'Open addresses of this special class, such as link-local or documentation; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l resolver -d 'The name servers to ask: auto (those of the cluster), system (those of this machine), IP[:PORT]' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l dns -d 'The Service of the cluster\'s DNS, where it is none of kube-system\'s and not OpenShift\'s' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l image -d 'The image of the plugin for --print-cronjob; the Containerfile of its repository builds one' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l schedule -d 'When the CronJob runs' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l in-namespace -d 'The namespace that the CronJob of -A runs in: whoever may create pods there has its rights' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s A -l all-namespaces -d 'Policies of every namespace'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l check -d 'Write nothing; exit with 1 if something would be written'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l write -d 'Change the files of -f in their places: addresses and the record, and no byte beside'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l prune-now -d 'Let addresses that answers lacked in three runs leave at once'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l force-conflicts -d 'Take over the fields of other managers in policies that are not ours alone'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l remove-dead -d 'Forget hosts that every name server has called gone for a day and in three runs'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l allow-private -d 'Open private addresses that a name leads to'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l print-cronjob -d 'Print a CronJob that runs this on the cluster, with the least rights for it and the policy by which it reaches the API server and DNS; writes nothing'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand refresh-ips" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s A -l all-namespaces -d 'Policies of every namespace (the default with -f)'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l no-headers -d 'Leave the header of CSV out'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand endpoints" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l client -d 'Do not ask the server'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s n -l namespace -d 'The namespace of names that give none' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s f -l filename -d 'Read manifests instead of the cluster: a file, a directory, or - for standard input' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s k -l kustomize -d 'Read what kubectl kustomize prints for a directory instead of the cluster' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l with -d 'Lay manifests over what is read, as if they were applied' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l without -d 'Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s o -l output -d 'How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal that has colours, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l cni -d 'The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API\'s own rules; or its name, such as cilium or calico' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l pod-cidr -d 'A range of the cluster in which pods have their addresses: one without an address lies there' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l service-cidr -d 'A range of the cluster in which Services have their addresses' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l kubeconfig -d 'The kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l context -d 'The context of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l cluster -d 'The cluster of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l user -d 'The user of the kubeconfig to use' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l as -d 'The user to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l as-group -d 'A group to impersonate; may be repeated' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l as-uid -d 'The UID to impersonate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l token -d 'The bearer token to send' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s s -l server -d 'The address and port of the API server' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l certificate-authority -d 'The file with the certificates that the server\'s is signed by' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l client-certificate -d 'The file with the client\'s certificate' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l client-key -d 'The file with the client\'s key' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l tls-server-name -d 'The name that the server\'s certificate must have' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection is not safe then' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l request-timeout -d 'Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it is given' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l disable-compression -d 'Do not ask for compressed answers' -r -f -a "true\t''
false\t''"
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s v -l v -d 'From 6 on, tell every request on standard error, and every file that is passed over' -r
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s R -l recursive -d 'Read directories below the directories of -f and --with too'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -l strict -d 'Refuse files of directories that cannot be read; without it they are gaps of the answer'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "explain" -d 'Explain what policies apply to a workload, or why a connection is allowed or denied'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "who-can-reach" -d 'Find every source that can open connections to a workload, a Service, a node or an address'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "list" -d 'List all connections that are allowed'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "diff" -d 'Show which connections appear, disappear or change if manifests were applied'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "default-deny" -d 'Print policies that deny everything to and from a namespace but DNS'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "allow-endpoint" -d 'Let a workload reach a host outside, or a Service, by a policy of its own'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "disallow-endpoint" -d 'Take back what allow-endpoint opened for a workload'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "refresh-ips" -d 'Bring the addresses of remembered host names up to date'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "endpoints" -d 'List the hosts that policies remember'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "doctor" -d 'Check whether answers about a cluster can be trusted'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "snapshot" -d 'Save what an analysis of the cluster needs, and nothing secret, to one file'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "version" -d 'Print the version of the plugin, and of the server where it can be reached'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "completion" -d 'Print a script that completes commands on TAB'
complete -c kubectl-netpol -n "__fish_kubectl_netpol_using_subcommand help; and not __fish_seen_subcommand_from explain who-can-reach list diff default-deny allow-endpoint disallow-endpoint refresh-ips endpoints doctor snapshot version completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

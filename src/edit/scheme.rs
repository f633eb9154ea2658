//! What the scheme of a URL tells: the port where it gives none, and whether clients learn of
//! further hosts.

use crate::model::ports::Protocol;

/// The ports of schemes that have one.
const PORTS: [(&str, u16); 44] = [
    ("amqp", 5672),
    ("amqps", 5671),
    ("cassandra", 9042),
    ("clickhouse", 8123),
    ("consul", 8500),
    ("elasticsearch", 9200),
    ("etcd", 2379),
    ("grpcs", 443),
    ("http", 80),
    ("https", 443),
    ("imap", 143),
    ("imaps", 993),
    ("kafka", 9092),
    ("ldap", 389),
    ("ldaps", 636),
    ("mariadb", 3306),
    ("memcached", 11211),
    ("mongodb", 27017),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("mssql", 1433),
    ("mysql", 3306),
    ("nats", 4222),
    ("oracle", 1521),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("redis", 6379),
    ("rediss", 6379),
    ("sftp", 22),
    ("smtp", 25),
    ("smtps", 465),
    ("sqlserver", 1433),
    ("ssh", 22),
    ("submission", 587),
    ("syslogs", 6514),
    ("valkey", 6379),
    ("valkeys", 6379),
    ("vault", 8200),
    ("ws", 80),
    ("wss", 443),
    // What several drivers call the above.
    ("cql", 9042),
    ("es", 9200),
    ("pgsql", 5432),
    ("tcps", 2484),
];

/// The schemes that are not of TCP alone: their protocols, and their port where they have one.
const DATAGRAMS: [(&str, SchemePorts); 14] = [
    ("udp", SchemePorts { protocols: &[Protocol::Udp], port: None }),
    ("dns", SchemePorts { protocols: &[Protocol::Udp, Protocol::Tcp], port: Some(53) }),
    ("syslog", SchemePorts { protocols: &[Protocol::Udp], port: Some(514) }),
    ("gelf", SchemePorts { protocols: &[Protocol::Udp], port: Some(12201) }),
    ("statsd", SchemePorts { protocols: &[Protocol::Udp], port: Some(8125) }),
    ("ntp", SchemePorts { protocols: &[Protocol::Udp], port: Some(123) }),
    ("snmp", SchemePorts { protocols: &[Protocol::Udp], port: Some(161) }),
    ("tftp", SchemePorts { protocols: &[Protocol::Udp], port: Some(69) }),
    ("radius", SchemePorts { protocols: &[Protocol::Udp], port: Some(1812) }),
    ("coap", SchemePorts { protocols: &[Protocol::Udp], port: Some(5683) }),
    ("coaps", SchemePorts { protocols: &[Protocol::Udp], port: Some(5684) }),
    ("sip", SchemePorts { protocols: &[Protocol::Udp, Protocol::Tcp], port: Some(5060) }),
    ("stun", SchemePorts { protocols: &[Protocol::Udp, Protocol::Tcp], port: Some(3478) }),
    ("turn", SchemePorts { protocols: &[Protocol::Udp, Protocol::Tcp], port: Some(3478) }),
];

/// Where the servers of a scheme listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemePorts {
    /// Their protocols.
    pub protocols: &'static [Protocol],
    /// Their port, where they have one of their own.
    pub port: Option<u16>,
}

/// The services of SRV records, by the scheme that asks for them.
const SERVICES: [(&str, &str); 1] = [("mongodb", "_mongodb._tcp")];

/// Systems whose servers hand out further hosts, by scheme.
const CLUSTERED: [(&str, &str); 6] = [
    ("kafka", "a Kafka broker hands out the addresses of the other brokers: allow each of them"),
    ("mongodb", "a MongoDB replica set hands out its members: allow each of them"),
    ("redis", "a Redis cluster hands out its other nodes: allow each of them"),
    ("rediss", "a Redis cluster hands out its other nodes: allow each of them"),
    ("valkey", "a Valkey cluster hands out its other nodes: allow each of them"),
    ("cassandra", "a Cassandra node hands out the other nodes: allow each of them"),
];

/// Returns where the servers of a scheme listen, which is TCP where nothing else is known of it.
pub fn ports(scheme: &str) -> SchemePorts {
    let tcp = || SchemePorts { protocols: &[Protocol::Tcp], port: find(&PORTS, scheme) };
    find(&DATAGRAMS, scheme).unwrap_or_else(tcp)
}

/// Returns where the servers of `SCHEME+DRIVER` listen: a driver may be the protocol.
pub fn ports_by_driver(scheme: &str, driver: &str) -> SchemePorts {
    let own = ports(scheme);
    match driver {
        "udp" => SchemePorts { protocols: &[Protocol::Udp], ..own },
        "tcp" => SchemePorts { protocols: &[Protocol::Tcp], ..own },
        // With encryption most have another port.
        "tls" | "ssl" => SchemePorts { protocols: &[Protocol::Tcp], port: None },
        _ => own,
    }
}

/// Returns the service that a scheme asks SRV records for: `_mongodb._tcp`.
pub fn service(scheme: &str) -> Option<&'static str> {
    find(&SERVICES, scheme)
}

/// Returns what there is to know where a server sends its clients on to other hosts.
pub fn further_hosts(scheme: &str) -> Option<&'static str> {
    find(&CLUSTERED, scheme)
}

/// Tells whether a scheme names a socket or file of the pod itself.
pub fn is_local(scheme: &str) -> bool {
    scheme.split(['+', '-']).any(|part| matches!(part, "unix" | "socket" | "sock" | "file" | "npipe"))
}

/// Tells whether a path may hold an `@` that belongs to no password.
pub fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss")
}

fn find<T: Copy>(table: &[(&str, T)], scheme: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == scheme).map(|(_, value)| *value)
}

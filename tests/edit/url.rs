//! Every line of what a URL may look like, as a table; and that no secret leaves the parser.

use netpol::edit::host::HostError;
use netpol::edit::url::{UrlError, parse};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

/// Writes the places of a URL, or why there are none.
fn read(url: &str) -> String {
    match parse(url) {
        Ok(found) => found.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => format!("{error:?}"),
    }
}

fn check(table: &[(&str, &str)]) {
    for (url, expected) in table {
        assert_eq!(read(url), *expected, "{url}");
    }
}

#[test]
fn the_scheme_tells_the_port() {
    check(&[
        ("http://h.example", "h.example:80"),
        ("ws://h.example", "h.example:80"),
        ("https://h.example", "h.example:443"),
        ("wss://h.example/socket", "h.example:443"),
        ("grpcs://h.example", "h.example:443"),
        ("ssh://git@h.example/x.git", "h.example:22"),
        ("sftp://h.example", "h.example:22"),
        ("smtp://h.example", "h.example:25"),
        ("smtps://h.example", "h.example:465"),
        ("submission://h.example", "h.example:587"),
        ("imap://h.example", "h.example:143"),
        ("imaps://h.example", "h.example:993"),
        ("ldap://h.example", "h.example:389"),
        ("ldaps://h.example", "h.example:636"),
        ("postgres://h.example/db", "h.example:5432"),
        ("postgresql://h.example/db", "h.example:5432"),
        ("mysql://h.example/db", "h.example:3306"),
        ("mariadb://h.example/db", "h.example:3306"),
        ("mssql://h.example", "h.example:1433"),
        ("sqlserver://h.example", "h.example:1433"),
        ("oracle://h.example", "h.example:1521"),
        ("redis://h.example/0", "h.example:6379"),
        ("rediss://h.example/0", "h.example:6379"),
        ("valkey://h.example", "h.example:6379"),
        ("memcached://h.example", "h.example:11211"),
        ("mongodb://h.example/db", "h.example:27017"),
        ("amqp://h.example/%2f", "h.example:5672"),
        ("amqps://h.example", "h.example:5671"),
        ("mqtt://h.example", "h.example:1883"),
        ("mqtts://h.example", "h.example:8883"),
        ("nats://h.example", "h.example:4222"),
        ("kafka://h.example", "h.example:9092"),
        ("cassandra://h.example", "h.example:9042"),
        ("clickhouse://h.example", "h.example:8123"),
        ("elasticsearch://h.example", "h.example:9200"),
        ("vault://h.example", "h.example:8200"),
        ("consul://h.example", "h.example:8500"),
        ("etcd://h.example", "h.example:2379"),
    ]);
}

#[test]
fn a_port_that_is_given_wins() {
    check(&[
        ("https://h.example:8443/x", "h.example:8443"),
        ("https://h.example:/x", "h.example:443"),
        ("grpc://h.example:50051", "h.example:50051"),
        ("h.example:443", "h.example:443"),
        ("redis:6379", "redis:6379"),
        ("H.Example.:443/path?q#f", "h.example:443"),
        ("10.1.2.3:5432", "10.1.2.3:5432"),
        ("[2001:DB8::1]:443", "[2001:db8::1]:443"),
        ("https://h.example:00443", "h.example:443"),
    ]);
}

#[test]
fn drivers_and_lists_are_seen_through() {
    check(&[
        ("jdbc:postgresql://h1:5432,h2:5433/db?user=x&password=y", "h1:5432 h2:5433"),
        ("JDBC:MySQL:replication://h1,h2/db", "h1:3306 h2:3306"),
        ("jdbc:sqlserver://h.example:1433;databaseName=x;password=p@w", "Password"),
        ("jdbc:sqlserver://h.example;databaseName=x", "h.example:1433"),
        ("jdbc:oracle:thin:@//h.example:1522/svc", "h.example:1522"),
        ("jdbc:oracle:thin:@h.example:1521:SID", "h.example:1521"),
        ("jdbc:oracle:thin:scott/tiger@h.example/svc", "h.example:1521"),
        ("jdbc:oracle:thin:@tcps://h.example/svc", "h.example:2484"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(HOST=h))", "Host(Invalid)"),
        ("postgresql+psycopg2://u:p@h.example/db", "h.example:5432"),
        ("mysql+pymysql://h.example", "h.example:3306"),
        ("git+ssh://git@h.example/x.git", "h.example:22"),
        ("git+https://h.example/x.git", "h.example:443"),
        ("mongodb://u:p,w@h1:27017,h2:27018,h3/?replicaSet=r", "h1:27017 h2:27018 h3:27017"),
        ("mongodb+srv://u:p@db.example.com/x", "_mongodb._tcp.db.example.com (SRV)"),
        ("mongodb+srv://db.example.com:27017", "Service"),
        ("mongodb+srv://10.0.0.1", "Service"),
        ("mongodb+srv://a.example,b.example", "Host(Invalid)"),
        ("redis+srv://h.example", "Service"),
        ("nats://a:4222,nats://b:4222", "Several"),
        ("https://a/?x=,https://b", "a:443"),
        ("kafka://h1,,h2", "Host(Empty)"),
    ]);
}

#[test]
fn udp_stays_udp() {
    check(&[
        ("udp://h.example:53", "h.example:53/UDP"),
        ("udp://h.example", "NoPort(Some(\"udp\"))"),
        ("dns://h.example", "h.example:53 h.example:53/UDP"),
        ("dns://[2001:db8::1]:5353", "[2001:db8::1]:5353 [2001:db8::1]:5353/UDP"),
        ("syslog://h.example", "h.example:514/UDP"),
        ("syslog://h.example:1514", "h.example:1514/UDP"),
        ("syslog+tcp://h.example", "h.example:514"),
        ("syslog+tls://h.example", "NoPort(Some(\"syslog\"))"),
        ("syslog+tls://h.example:6514", "h.example:6514"),
        ("syslogs://h.example", "h.example:6514"),
        ("ntp://h.example", "h.example:123/UDP"),
        ("statsd://h.example", "h.example:8125/UDP"),
        ("h.example:53/UDP", "h.example:53/UDP"),
        ("10.0.0.1:53/udp", "10.0.0.1:53/UDP"),
        ("[2001:db8::1]:53/UDP", "[2001:db8::1]:53/UDP"),
        ("h.example:3868/SCTP", "h.example:3868/SCTP"),
        ("h.example:53/TCP", "h.example:53"),
        ("h.example:53/path", "h.example:53"),
        ("a.example:53/UDP,b.example:53/UDP", "Several"),
        ("https://h.example/UDP", "h.example:443"),
    ]);
}

#[test]
fn a_block_of_addresses_is_no_host() {
    check(&[
        ("https://10.0.0.0/8", "Block"),
        ("10.0.0.0/8", "Block"),
        ("udp://10.0.0.0/32", "Block"),
        ("https://[fd00::]/8", "Block"),
        ("https://10.0.0.1/33", "10.0.0.1:443"),
        ("https://10.0.0.1/v1", "10.0.0.1:443"),
        ("https://10.0.0.1:443/8", "10.0.0.1:443"),
        ("https://h.example/8", "h.example:443"),
    ]);
}

#[test]
fn hosts_are_read_as_clients_read_them() {
    check(&[
        ("HTTPS://API.Example.COM", "api.example.com:443"),
        ("postgres://API.Example.COM.", "api.example.com:5432"),
        ("https://bücher.example", "xn--bcher-kva.example:443"),
        ("redis://BÜCHER.example", "xn--bcher-kva.example:6379"),
        ("amqp://例え.テスト", "xn--r8jz45g.xn--zckzah:5672"),
        ("https://exa%6Dple.com", "example.com:443"),
        ("https://2130706433", "127.0.0.1:443"),
        ("postgres://2130706433", "127.0.0.1:5432"),
        ("https://0x7f.1", "127.0.0.1:443"),
        ("https://127.1.", "127.0.0.1:443"),
        ("https://017700000001", "127.0.0.1:443"),
        ("https://[::1]", "[::1]:443"),
        ("redis://[2001:db8::1]:7000", "[2001:db8::1]:7000"),
        ("https://[::ffff:10.0.0.1]", "10.0.0.1:443"),
        ("https://_dmarc.example.com", "_dmarc.example.com:443"),
        ("https://evil.example\\@good.example", "evil.example:443"),
    ]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    check(&[
        ("", "Host(Empty)"),
        ("https://", "Host(Empty)"),
        ("https:///path", "Host(Empty)"),
        ("https://.", "Host(Empty)"),
        ("https://:443", "Host(Empty)"),
        ("https://u:p@/x", "Host(Empty)"),
        ("postgresql:///db?host=/tmp", "Host(Empty)"),
        ("https://*.example.com", "Host(Wildcard)"),
        ("*:443", "Host(Wildcard)"),
        ("https://h.example:0", "Port"),
        ("https://h.example:65536", "Port"),
        ("https://h.example:+443", "Port"),
        ("https://h.example:https", "Port"),
        ("https://h.ex\nample", "Control"),
        ("https://h.example\u{7f}", "Control"),
        ("https://h.example\u{85}", "Control"),
        (" https://h.example", "Control"),
        ("unix:///var/run/x.sock", "Local"),
        ("unix:/var/run/x.sock", "Local"),
        ("http+unix://%2Fvar%2Frun%2Fx", "Local"),
        ("redis+socket:///var/run/x", "Local"),
        ("redis-socket:///var/run/x", "Local"),
        ("postgresql://%2Fvar%2Flib/db", "Local"),
        ("/var/run/x.sock", "Local"),
        ("file:///etc/passwd", "Local"),
        ("grpc://h.example", "NoPort(Some(\"grpc\"))"),
        ("tcp://h.example", "NoPort(Some(\"tcp\"))"),
        ("h.example", "NoPort(None)"),
        ("h.example/path", "NoPort(None)"),
        ("10.0.0.1", "NoPort(None)"),
        ("2001:db8::1", "Host(Ipv6)"),
        ("https://2001:db8::1/", "Host(Ipv6)"),
        ("https://[fe80::1%25eth0]", "Host(Ipv6)"),
        ("https://[::1", "Host(Ipv6)"),
        ("https://[::1]x", "Host(Ipv6)"),
        ("https://h..example", "Host(Invalid)"),
        ("https://h.example..", "Host(Invalid)"),
        ("https://1.2.3.4..", "Host(Invalid)"),
        ("https://$HOST", "Host(Invalid)"),
        ("https://{{host}}", "Host(Invalid)"),
        ("https://h.123", "Host(Invalid)"),
        ("https://1.2.3.4.5", "Host(Invalid)"),
        ("https://localhost", "Host(Localhost)"),
        ("redis://Cache.LocalHost.", "Host(Localhost)"),
        ("1x://h.example:1", "Scheme"),
        ("user:se cret://h", "Control"),
        ("us$er://h.example:1", "Scheme"),
    ]);
    let long = format!("https://{}", ["a"; 128].join("."));
    assert_eq!(parse(&long), Err(UrlError::Host(HostError::Invalid)));
    assert_eq!(read(&format!("https://{}.example", "a".repeat(64))), "Host(Invalid)");
}

#[test]
fn a_password_never_leaves_the_parser() {
    for url in [
        "https://user:SECRET@h.example/p",
        "https://user:SECRET@/p",
        "https://h.example/SECRET?SECRET#SECRET",
        "https://user:SE/CRET@h.example",
        "mysql://root:12/SECRET@h.example/x",
        "mysql://root:SECRET/x@h.example/x",
        "postgres://user:SECRET@h.example:port/db",
        "postgres://user:SECRET@*.example",
        "postgres://user:SECRET@h..example",
        "mongodb+srv://user:SECRET@h.example:1",
        "jdbc:oracle:thin:scott/SECRET@h.example/svc",
        "jdbc:oracle:thin:scott/SECRET",
        "user:SECRET@h.example:443",
        "user:SECRET@h.example",
        "SECRET@://h.example",
        "grpc://u:SECRET@h.example",
    ] {
        let found = parse(url);
        let shown =
            format!("{found:?} {}", found.as_ref().err().map_or_else(String::new, ToString::to_string));
        assert!(!shown.contains("SECRET"), "{url}: {shown}");
        assert!(!shown.contains("user"), "{url}: {shown}");
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn anything_is_read_or_refused(text in "\\PC{0,40}", more in "[a-z0-9:/@?#\\[\\].,+%*-]{0,30}") {
        for url in [text.clone(), more.clone(), format!("https://{text}"), format!("redis://{more}")] {
            if let Ok(found) = parse(&url) {
                prop_assert!(!found.places.is_empty());
            }
        }
    }

    #[test]
    fn a_web_url_leads_where_the_url_crate_says(
        user in "([a-z]{1,3}(:[a-z0-9!$]{0,5})?@)?",
        host in "[a-zA-Z0-9.-]{1,12}|\\[[0-9a-f:]{2,8}\\]",
        port in "(:[0-9]{0,6})?",
        path in "([/?#\\\\][a-z@:/]{0,8})?",
    ) {
        let url = format!("https://{user}{host}{port}{path}");
        if let Ok(found) = parse(&url) {
            let theirs = url::Url::parse(&url).unwrap();
            let host = theirs.host_str().unwrap().trim_end_matches('.').to_owned();
            let port = theirs.port_or_known_default().unwrap();
            prop_assert_eq!(read(&url), format!("{host}:{port}"));
            prop_assert_eq!(found.places.len(), 1);
        }
    }
}

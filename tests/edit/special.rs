//! Every block of address space that is refused, at both its ends and just outside.

use std::net::IpAddr;

use netpol::edit::special::{AddressSource, Consent, Refusal, check};
use netpol::model::ips::IpSet;
use netpol::model::special::{AddressClass, class_of, internet};
use proptest::prelude::{any, prop_assert_eq, proptest};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(text: &str) -> &'static str {
    class_of(ip(text)).map_or("public", AddressClass::name)
}

#[test]
fn every_address_has_the_class_of_its_block() {
    for (class, addresses) in [
        ("unspecified", "0.0.0.0 0.255.255.255 :: ::ffff:0.0.0.0 2002:0001::1"),
        ("public", "1.0.0.0 9.255.255.255 11.0.0.0 8.8.8.8 2606:4700::1111 2a00::1"),
        ("private", "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255"),
        ("private", "100.64.0.0 100.127.255.255 fc00:: fdff:ffff::1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1"),
        ("private", "2002:0a00:0001:: 2002:c0a8:0101::1"),
        ("public", "172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 100.63.255.255 100.128.0.0"),
        ("loopback", "127.0.0.0 127.255.255.255 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"),
        ("public", "126.255.255.255 128.0.0.0 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1"),
        ("link-local", "169.254.0.0 169.254.255.255 fe80:: febf:ffff::1"),
        (
            "metadata",
            "169.254.169.254 168.63.129.16 100.100.100.200 fd00:ec2::254 ::ffff:169.254.169.254",
        ),
        ("metadata", "64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1"),
        ("public", "169.253.255.255 169.255.0.0 168.63.129.15 168.63.129.17"),
        ("protocol", "192.0.0.0 192.0.0.8 192.0.0.11 192.0.0.255 2001:: 2001:1ff:ffff::"),
        ("public", "192.0.0.9 192.0.0.10 192.0.1.0 191.255.255.255 2001:200::"),
        ("documentation", "192.0.2.0 192.0.2.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255"),
        ("documentation", "2001:db8:: 2001:db8:ffff::1 3fff:: 3fff:fff:ffff::"),
        ("public", "192.0.3.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 3fff:1000::"),
        ("benchmarking", "198.18.0.0 198.19.255.255"),
        ("public", "198.17.255.255 198.20.0.0"),
        ("relay", "192.88.99.0 192.88.99.255"),
        ("public", "192.88.98.255 192.88.100.0 223.255.255.255"),
        ("multicast", "224.0.0.0 239.255.255.255 ff00:: ff02::1"),
        ("reserved", "240.0.0.0 255.255.255.255"),
        ("translation", "64:ff9b:1:: 64:ff9b:1:ffff::1"),
        ("discard", "100:: 100::ffff 100:0:0:1:: 100:0:0:1::ffff"),
        ("metadata", "169.254.170.2 169.254.170.23 169.254.0.23 169.254.42.42 192.0.0.192"),
        ("metadata", "fd00:ec2::23 fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42 fe80::a9fe:a9fe"),
        ("metadata", "fd00:a9fe:a9fe::1 fd00:100::100:200"),
        ("private", "fd00:ec2::22 fd20:ce::253 fd00:c1::a9fe:a9fd"),
        ("metadata", "::169.254.169.254 ::ffff:0:a9fe:a9fe ::ffff:0:100.100.100.200"),
        ("private", "::10.0.0.1 ::ffff:0:10.0.0.1"),
        ("reserved", "::8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b:2:: 100:0:0:2:: 5eff::1 5f01:: 1fff:ffff::"),
        ("reserved", "200:: 400:: 800:: 1000:: 4000:: 6000:: 8000:: a000:: c000:: e000:: f000:: fe00::"),
        ("public", "2000:: 2003:: 3fff:1000:: 3fff:ffff::"),
        ("segment-routing", "5f00:: 5f00:ffff::"),
        ("site-local", "fec0:: feff:ffff::"),
    ] {
        for address in addresses.split(' ') {
            assert_eq!(name(address), class, "{address}");
        }
    }
}

#[test]
fn an_address_is_opened_only_where_somebody_consented() {
    let (none, own) = (Consent::new(), IpSet::from_iter([ip("34.0.0.7"), ip("10.0.0.7")]));
    let all: Consent = AddressClass::ALL.into_iter().collect();
    let private = Consent::from([AddressClass::Private]);
    for (address, source, consent, expected) in [
        ("8.8.8.8", AddressSource::FirstAnswer, &none, Ok(())),
        ("10.1.1.1", AddressSource::Literal, &none, Ok(())),
        ("10.1.1.1", AddressSource::FirstAnswer, &none, Err(Refusal::Private)),
        ("10.1.1.1", AddressSource::LaterAnswer, &none, Err(Refusal::Rebound)),
        ("::ffff:10.1.1.1", AddressSource::LaterAnswer, &none, Err(Refusal::Rebound)),
        ("10.1.1.1", AddressSource::LaterAnswer, &private, Ok(())),
        ("127.0.0.1", AddressSource::Literal, &private, Err(Refusal::Special(AddressClass::Loopback))),
        (
            "169.254.169.254",
            AddressSource::Literal,
            &none,
            Err(Refusal::Special(AddressClass::Metadata)),
        ),
        (
            "fd00:ec2::254",
            AddressSource::Literal,
            &private,
            Err(Refusal::Special(AddressClass::Metadata)),
        ),
        (
            "fd20:ce::254",
            AddressSource::FirstAnswer,
            &private,
            Err(Refusal::Special(AddressClass::Metadata)),
        ),
        (
            "::ffff:0:a9fe:a9fe",
            AddressSource::Literal,
            &private,
            Err(Refusal::Special(AddressClass::Metadata)),
        ),
        ("4000::1", AddressSource::Literal, &none, Err(Refusal::Special(AddressClass::Reserved))),
        ("127.0.0.1", AddressSource::FirstAnswer, &all, Ok(())),
        ("64:ff9b::34.0.0.7", AddressSource::FirstAnswer, &all, Err(Refusal::Cluster)),
        ("10.0.0.7", AddressSource::Literal, &all, Err(Refusal::Cluster)),
        ("::ffff:34.0.0.7", AddressSource::FirstAnswer, &all, Err(Refusal::Cluster)),
    ] {
        assert_eq!(check(ip(address), source, consent, &own), expected, "{address} {source:?}");
    }
}

#[test]
fn every_class_has_a_name_of_its_own() {
    for class in AddressClass::ALL {
        assert_eq!(AddressClass::parse(class.name()), Some(class));
        assert_eq!(serde_json::to_value(class).unwrap(), class.name());
    }
}

proptest! {
    #[test]
    fn the_internet_is_what_has_no_class(v4: u32, v6: u128, low in any::<u16>()) {
        let near = |bits: u128| IpAddr::from(std::net::Ipv6Addr::from_bits(bits));
        let v4 = IpAddr::from(std::net::Ipv4Addr::from_bits(v4));
        for ip in [v4, near(v6), near(v6 >> 3), near(u128::from(low) << 112 | v6 >> 64)] {
            let holds_another = netpol::model::special::embedded(ip).is_some();
            prop_assert_eq!(internet().contains(ip), class_of(ip).is_none() && !holds_another, "{}", ip);
        }
    }
}

//! The name of a container image, as registries take it: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.

/// A text that names no image.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: use [HOST[:PORT]/]PATH[:TAG][@DIGEST], in lower case")]
pub struct ImageError(&'static str);

/// The longest name, without tag and digest.
const LONGEST: usize = 255;
const LONGEST_TAG: usize = 128;
/// The fewest digits of a digest.
const LEAST_DIGITS: usize = 32;

/// Checks a name of an image.
///
/// # Errors
/// What of it is wrong.
pub fn check(text: &str) -> Result<(), ImageError> {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, own)| (rest, Some(own)));
    let last = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest.get(last..).and_then(|path| path.find(':')) {
        Some(colon) => (rest.get(..last + colon).unwrap_or_default(), rest.get(last + colon + 1..)),
        None => (rest, None),
    };
    let path = match name.split_once('/') {
        Some((first, path)) if is_host_like(first) => {
            is_host(first).then_some(path).ok_or(ImageError("its registry is no host name"))?
        }
        _ => name,
    };
    if name.len() > LONGEST || !path.split('/').all(is_component) {
        return Err(ImageError("it is no name of an image"));
    }
    if !tag.is_none_or(is_tag) {
        return Err(ImageError("its tag is none"));
    }
    if !digest.is_none_or(is_digest) {
        return Err(ImageError("its digest is none"));
    }
    Ok(())
}

/// Tells whether what stands before the first slash is meant as a registry.
fn is_host_like(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':']) || text.chars().any(|c| c.is_ascii_uppercase())
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, port)) if ip.parse::<std::net::Ipv6Addr>().is_ok() => ("ip", port.strip_prefix(':')),
        Some(_) => return false,
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_label = |label: &str| {
        let is_legal = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_legal && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Tells whether it is words of lower case, joined by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = text.starts_with(is_word) && text.ends_with(is_word);
    let mut joints = text.split(is_word).filter(|joint| !joint.is_empty());
    ends && joints.all(|joint| matches!(joint, "." | "_" | "__") || joint.chars().all(|c| c == '-'))
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_legal = |c: char| is_word(c) || matches!(c, '.' | '-');
    text.starts_with(is_word) && text.len() <= LONGEST_TAG && text.chars().all(is_legal)
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        let is_name = algorithm.starts_with(|c: char| c.is_ascii_alphabetic())
            && algorithm
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '_' | '-'));
        is_name && digits.len() >= LEAST_DIGITS && digits.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_registries_take_pass_and_others_are_told() {
        let digest = format!("netpol@sha256:{}", "0".repeat(64));
        let right = [
            "netpol",
            "netpol:0.1.0",
            "team/netpol",
            "example.test/netpol:1",
            "localhost:5000/a/b__c",
            "[::1]:5000/netpol",
            "Registry/netpol",
            &digest,
        ];
        for name in right {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let wrong = [
            "",
            "Netpol",
            "netpol:",
            "netpol: 1",
            "netpol 1",
            "a//b",
            "/netpol",
            "netpol/",
            "-a",
            "a..b",
            "example.test:x/netpol",
            "example.test:70000/netpol",
            "https://example.test/netpol",
            "netpol@sha256:12",
            "netpol@sha256",
            "netpol\n",
            "a___b",
            "$IMAGE",
        ];
        for name in wrong {
            assert!(check(name).is_err(), "{name}");
        }
    }
}

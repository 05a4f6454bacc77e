//! Ports for the parts of a stack, which are told before they are bound.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// What says that a port is ours, until this process ends: the part that it is for may bind it late, or bind it again
/// after a restart.
static CLAIMS: Mutex<BTreeMap<u16, Claim>> = Mutex::new(BTreeMap::new());

/// Ports that nobody has bound, all different, and that no other stack on this machine is given meanwhile.
///
/// Not those that the system gives for port 0: it gives them to outgoing connections too (32768 and up on Linux), and
/// tests side by side make hundreds of those while a part of a stack is starting.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = Vec::with_capacity(N);
    for candidate in candidates().take(10_000) {
        if ports.len() == N {
            break;
        }
        if claim(candidate) && TcpListener::bind(("127.0.0.1", candidate)).is_ok() {
            ports.push(candidate);
        }
    }
    let Ok(ports) = ports.try_into() else {
        bail!("no free ports on 127.0.0.1");
    };
    Ok(ports)
}

/// Whether a port is ours from now on.
fn claim(port: u16) -> bool {
    let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
    if claims.contains_key(&port) {
        return false;
    }
    let claimed = hold(port).map(|claim| claims.insert(port, claim));
    claimed.is_ok()
}

/// An abstract socket: such names are of one network namespace, as ports are, no file is left behind, and they go with the
/// process.
#[cfg(target_os = "linux")]
type Claim = std::os::unix::net::UnixListener;

#[cfg(target_os = "linux")]
fn hold(port: u16) -> std::io::Result<Claim> {
    use std::os::linux::net::SocketAddrExt as _;
    let name = format!("azureml-spark-testkit/port/{port}");
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    Claim::bind_addr(&address)
}

/// Elsewhere only this process knows of it.
#[cfg(not(target_os = "linux"))]
type Claim = ();

#[cfg(not(target_os = "linux"))]
fn hold(_: u16) -> std::io::Result<Claim> {
    Ok(())
}

/// Random ports between 20,000 and 32,000.
fn candidates() -> impl Iterator<Item = u16> {
    std::iter::repeat_with(|| {
        let (_, random, _, _) = uuid::Uuid::new_v4().as_fields();
        20_000 + random % 12_000
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_given_to_nobody_else_although_nobody_has_bound_it() {
        let [one, other] = free_ports().unwrap();
        assert_ne!(one, other);
        assert!(!claim(one) && !claim(other), "within this process");
        #[cfg(target_os = "linux")]
        assert!(hold(one).is_err(), "nor by another one");
        TcpListener::bind(("127.0.0.1", one)).unwrap();
    }
}

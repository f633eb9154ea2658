//! How a resolver reaches its name server: over the network, or through a port-forward.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use hickory_resolver::Resolver;
use hickory_resolver::net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_resolver::net::runtime::{RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::cluster::forward::Forward;

/// A resolver that goes either way.
pub(crate) type NameResolver = Resolver<Transport>;

/// How a resolver reaches its name server.
#[derive(Clone)]
pub(crate) struct Transport {
    network: TokioRuntimeProvider,
    /// Where TCP leads instead of over the network.
    forward: Option<Forward>,
}

/// A connection of either kind.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Wire for T {}

impl Transport {
    /// Leads over the network.
    pub(crate) fn direct() -> Self {
        Self { network: TokioRuntimeProvider::default(), forward: None }
    }

    /// Leads through a port-forward, whatever the address; TCP only.
    pub(crate) fn forwarded(forward: Forward) -> Self {
        Self { network: TokioRuntimeProvider::default(), forward: Some(forward) }
    }
}

impl RuntimeProvider for Transport {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = <TokioRuntimeProvider as RuntimeProvider>::Udp;
    type Tcp = AsyncIoTokioAsStd<Box<dyn Wire>>;

    fn create_handle(&self) -> TokioHandle {
        self.network.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        bind: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        let wire = |wire: Box<dyn Wire>| AsyncIoTokioAsStd(wire);
        if let Some(forward) = self.forward.clone() {
            // It has a longer timeout of its own: there are three connections to be made.
            return Box::pin(async move { Ok(wire(Box::new(forward.connect().await?))) });
        }
        let connected = self.network.connect_tcp(server, bind, timeout);
        Box::pin(async move { Ok(wire(Box::new(connected.await?.0))) })
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        self.network.bind_udp(local, server)
    }
}

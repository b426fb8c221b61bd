//! Where gRPC is served: a unix socket or a TCP port.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::stream::{self, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixSocket, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::Stream;
use tonic::transport::server::Connected;

/// Rights of a socket file: user and group connect.
const SOCKET_MODE: u32 = 0o660;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;

/// An address to listen on, written `unix:/path` or `tcp:host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// Path of a socket file.
    Unix(PathBuf),
    /// Address of a port.
    Tcp(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => address
                .parse()
                .map(Self::Tcp)
                .map_err(|error| format!("{error}; numbers such as tcp:127.0.0.1:9100 are meant")),
            _ => Err("unix:/path or tcp:host:port is expected".to_owned()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Tcp(address) => write!(formatter, "tcp:{address}"),
        }
    }
}

/// A bound address; its connections are a stream. A socket file is removed when this is dropped.
#[derive(Debug)]
pub enum Listener {
    /// A socket file. It is removed first: while its socket is open nobody else takes the path, so
    /// the file removed is never that of a successor.
    Unix(SocketFile, UnixListener),
    /// A port.
    Tcp(TcpListener),
}

/// Removes its file when dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already is as good as removed.
        let _ = fs::remove_file(&self.0);
    }
}

impl Listen {
    /// Binds the address. A socket file that nobody listens on any more is replaced; user and
    /// group may connect to the new one, nobody else.
    ///
    /// # Errors
    /// Whatever the system says; `AddrInUse` where another process listens.
    pub async fn bind(&self) -> io::Result<Listener> {
        match self {
            Self::Tcp(address) => Ok(Listener::Tcp(TcpListener::bind(address).await?)),
            Self::Unix(path) => {
                remove_stale_socket(path).await?;
                let socket = UnixSocket::new_stream()?;
                // Linux gives the file the rights of its socket, so that there is no moment in which
                // others may connect. Elsewhere sockets have no rights of their own.
                let handle = File::from(socket.as_fd().try_clone_to_owned()?);
                let _ = handle.set_permissions(Permissions::from_mode(SOCKET_MODE));
                socket.bind(path)?;
                let file = SocketFile(path.clone());
                // The process's umask may have taken away what the group needs.
                fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
                Ok(Listener::Unix(file, socket.listen(BACKLOG)?))
            }
        }
    }
}

impl Listener {
    /// The connections, of which no more than `most` are open at the same time; others wait.
    pub fn at_most(self, most: usize) -> impl Stream<Item = io::Result<Counted>> + Send {
        let room = Arc::new(Semaphore::new(most));
        stream::unfold((self, room), async |(mut listener, room)| {
            // The semaphore is never closed.
            let permit = Arc::clone(&room).acquire_owned().await.ok()?;
            let accepted = listener.next().await?;
            let counted = accepted.map(|connection| Counted {
                connection,
                _permit: permit,
            });
            Some((counted, (listener, room)))
        })
    }

    /// The address as bound: port 0 has become a real port.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn address(&self) -> io::Result<Listen> {
        Ok(match self {
            Self::Unix(file, _) => Listen::Unix(file.0.clone()),
            Self::Tcp(listener) => Listen::Tcp(listener.local_addr()?),
        })
    }
}

async fn remove_stale_socket(path: &PathBuf) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?.file_type(),
    };
    if !kind.is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "a file that is no socket is in the way",
        ));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another process listens on this socket",
        )),
        Err(_) => fs::remove_file(path),
    }
}

impl Stream for Listener {
    type Item = io::Result<Connection>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = match self.get_mut() {
            Self::Unix(_, listener) => listener
                .poll_accept(context)
                .map_ok(|(stream, _)| Connection::Unix(stream)),
            Self::Tcp(listener) => listener.poll_accept(context).map_ok(|(stream, _)| {
                // Answers are small; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                Connection::Tcp(stream)
            }),
        };
        accepted.map(Some)
    }
}

/// A connection of either kind.
#[derive(Debug)]
pub enum Connection {
    /// Over a socket file.
    Unix(UnixStream),
    /// Over a port.
    Tcp(TcpStream),
}

macro_rules! on_either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Unix($stream) => $call,
            Self::Tcp($stream) => $call,
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_either!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, stream => Pin::new(stream).poll_write(context, buffer))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, stream => Pin::new(stream).poll_shutdown(context))
    }
}

/// A connection that makes room for another when it is closed.
#[derive(Debug)]
pub struct Counted {
    connection: Connection,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Counted {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_file_that_nobody_listens_on_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("left.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        assert!(path.exists(), "the socket file is left behind");

        let listener = Listen::Unix(path.clone())
            .bind()
            .await
            .expect("bound again");

        let mode = fs::metadata(&path).expect("it exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        drop(listener);
        assert!(!path.exists(), "the socket file is removed at the end");
    }

    #[tokio::test]
    async fn a_socket_that_is_listened_on_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("live.sock");
        let first = Listen::Unix(path.clone()).bind().await.expect("bound");

        let second = Listen::Unix(path.clone()).bind().await;

        assert_eq!(
            second.expect_err("refused").kind(),
            io::ErrorKind::AddrInUse
        );
        assert!(path.exists());
        drop(first);
    }

    #[tokio::test]
    async fn a_connection_beyond_the_most_waits_until_one_is_closed() {
        let any = Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = any.bind().await.expect("bound");
        let Listen::Tcp(address) = listener.address().expect("an address") else {
            panic!("a port was bound");
        };
        let mut connections = Box::pin(listener.at_most(1));
        let _callers = [
            TcpStream::connect(address).await.expect("connected"),
            TcpStream::connect(address).await.expect("connected"),
        ];
        let first = connections.next().await.expect("a connection");

        assert!(futures::poll!(connections.next()).is_pending());

        drop(first);
        assert!(connections.next().await.expect("the other").is_ok());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_never_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        fs::write(&path, "kept").expect("written");

        assert!(Listen::Unix(path.clone()).bind().await.is_err());

        assert_eq!(fs::read_to_string(&path).expect("read"), "kept");
    }
}

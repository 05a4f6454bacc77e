//! Serves artifacts on the loopback interface, as source-controller does in a cluster: plain HTTP, no questions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Most bytes of a request's head.
const HEAD: usize = 16 * 1024;

/// The server. Dropping it ends it.
#[derive(Debug)]
pub struct Artifacts {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shelf {
    archives: BTreeMap<String, Vec<u8>>,
    asked: Vec<String>,
}

impl Artifacts {
    /// Starts it, empty.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shelf = Arc::<Mutex<Shelf>>::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&shelf)));
        Ok(Self {
            address,
            shelf,
            server,
        })
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves an archive under a path such as `/jobs/one.tar.gz`, and returns its address.
    pub fn put(&self, path: &str, archive: Vec<u8>) -> String {
        lock(&self.shelf).archives.insert(path.to_owned(), archive);
        format!("http://{}{path}", self.address)
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let asked = lock(&self.shelf).asked.clone();
        asked.iter().filter(|one| *one == path).count()
    }
}

impl Drop for Artifacts {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A tar.gz of files.
pub fn archive(files: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// As a source tells it.
pub fn digest(archive: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(archive))
}

async fn serve(listener: TcpListener, shelf: Arc<Mutex<Shelf>>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Who goes away in the middle has not been served; that is all.
        tokio::spawn(answer(stream, Arc::clone(&shelf)));
    }
}

async fn answer(mut stream: TcpStream, shelf: Arc<Mutex<Shelf>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head);
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let found = {
        let mut shelf = lock(&shelf);
        shelf.asked.push(path.clone());
        shelf.archives.get(&path).cloned()
    };
    let (status, body) = match found {
        Some(archive) => ("200 OK", archive),
        None => ("404 Not Found", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A connection that ends when the other side does not take what is written.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream of which no write waits longer than this.
#[derive(Debug)]
pub(super) struct Hurried<S> {
    stream: S,
    longest: Duration,
    /// While a write waits.
    ends: Option<Pin<Box<Sleep>>>,
}

impl<S> Hurried<S> {
    pub(super) fn new(stream: S, longest: Duration) -> Self {
        Self {
            stream,
            longest,
            ends: None,
        }
    }

    /// What came of a write, unless it waits for too long.
    fn judge<T>(&mut self, written: Poll<Result<T>>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.ends = None;
            return written;
        }
        let longest = self.longest;
        let ends = self.ends.get_or_insert_with(|| Box::pin(sleep(longest)));
        ready!(ends.as_mut().poll(context));
        let message = "the other side does not read";
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, message)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Hurried<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Hurried<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.judge(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // Flushed is what was written: one that waits still waits.
        match flushed {
            Poll::Ready(Ok(())) if self.ends.is_some() => flushed,
            flushed => self.judge(flushed, context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_ends() {
        let (near, _far) = duplex(4);
        let mut near = Hurried::new(near, Duration::from_mins(1));
        let begun = Instant::now();
        let error = near.write_all(b"more than that").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_read_slowly_goes_on() {
        let (near, mut far) = duplex(4);
        let mut near = Hurried::new(near, Duration::from_mins(1));
        let reading = tokio::spawn(async move {
            let mut all = [0; 14];
            for byte in &mut all {
                sleep(Duration::from_secs(50)).await;
                *byte = far.read_u8().await.unwrap();
            }
            all
        });
        near.write_all(b"more than that").await.unwrap();
        near.flush().await.unwrap();
        assert_eq!(&reading.await.unwrap(), b"more than that");
    }
}

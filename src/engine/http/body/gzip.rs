//! Decodes gzip (RFC 1952) as Node and browsers do. Some servers leave the checksum out, and some fill a block up behind it.
//!
//! Invariants: a body that is cut in its data or in its checksum is an error, and so is a wrong checksum. A missing checksum
//! is none only if HTTP itself says that the body is whole. Dropping the future of [`Gzip::chunk`] loses nothing.

use std::io::{self, ErrorKind};

use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

pub(crate) struct Gzip<R> {
    input: R,
    /// HTTP says where the body ends.
    is_framed: bool,
    step: Step,
    inflate: Decompress,
    sum: Crc,
    /// The last chunk was filled, so that more may follow without more input.
    more: bool,
}

enum Step {
    Head(Head),
    Data,
    Checksum(Vec<u8>),
    /// Another member, padding, or the end.
    Next,
    Padding,
}

impl<R: AsyncBufRead + Unpin> Gzip<R> {
    pub(crate) fn new(input: R, is_framed: bool) -> Self {
        Self {
            input,
            is_framed,
            step: Step::Head(Head::default()),
            inflate: Decompress::new(false),
            sum: Crc::new(),
            more: false,
        }
    }

    /// The next decoded part, of `size` bytes at most, or `None` at the end.
    pub(crate) async fn chunk(&mut self, size: usize) -> io::Result<Option<Bytes>> {
        loop {
            let bytes = if self.more { &[] } else { self.input.fill_buf().await? };
            let is_end = bytes.is_empty() && !self.more;
            let read = match &mut self.step {
                Step::Next | Step::Padding if is_end => return Ok(None),
                Step::Checksum(sum) if is_end && self.is_framed && sum.is_empty() => return Ok(None),
                Step::Head(_) | Step::Checksum(_) if is_end => return Err(ErrorKind::UnexpectedEof.into()),
                Step::Head(head) => {
                    let (read, is_whole) = head.read(bytes)?;
                    if is_whole {
                        self.step = Step::Data;
                    }
                    read
                }
                Step::Data => {
                    let mut chunk = Vec::with_capacity(size);
                    let before = self.inflate.total_in();
                    let status = self.inflate.decompress_vec(bytes, &mut chunk, FlushDecompress::None);
                    let status = status.map_err(|_| ErrorKind::InvalidData)?;
                    let read = usize::try_from(self.inflate.total_in() - before).map_err(io::Error::other)?;
                    self.more = chunk.len() == size;
                    if status == Status::StreamEnd {
                        self.more = false;
                        self.step = Step::Checksum(Vec::new());
                    } else if is_end && chunk.is_empty() {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    if !chunk.is_empty() {
                        self.input.consume(read);
                        self.sum.update(&chunk);
                        return Ok(Some(chunk.into()));
                    }
                    read
                }
                Step::Checksum(sum) => {
                    let read = bytes.len().min(CHECKSUM - sum.len());
                    sum.extend_from_slice(&bytes[..read]);
                    if sum.len() == CHECKSUM {
                        let expected = [self.sum.sum().to_le_bytes(), self.sum.amount().to_le_bytes()];
                        if *sum != expected.concat() {
                            return Err(ErrorKind::InvalidData.into());
                        }
                        self.step = Step::Next;
                    }
                    read
                }
                Step::Next if bytes[0] == MAGIC[0] => {
                    self.inflate.reset(false);
                    self.sum.reset();
                    self.step = Step::Head(Head::default());
                    0
                }
                Step::Next => {
                    self.step = Step::Padding;
                    0
                }
                Step::Padding => bytes.len(),
            };
            self.input.consume(read);
        }
    }
}

/// The head of a member: ten bytes, and what their flags announce.
#[derive(Default)]
struct Head {
    part: Part,
    /// How many bytes of this part were read.
    read: usize,
    flags: u8,
    extra: usize,
}

/// In their order.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
enum Part {
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Checksum,
}

impl Head {
    /// How many of `bytes` belong to the head, and whether it ends with them.
    fn read(&mut self, bytes: &[u8]) -> io::Result<(usize, bool)> {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.ends_part(byte)? && !self.next_part() {
                return Ok((index + 1, true));
            }
        }
        Ok((bytes.len(), false))
    }

    fn ends_part(&mut self, byte: u8) -> io::Result<bool> {
        let at = self.read;
        self.read += 1;
        Ok(match self.part {
            Part::Fixed => {
                if MAGIC.get(at).is_some_and(|&magic| magic != byte) {
                    return Err(ErrorKind::InvalidData.into());
                }
                if at == MAGIC.len() {
                    self.flags = byte;
                }
                self.read == 10
            }
            Part::ExtraLength => {
                self.extra |= usize::from(byte) << (8 * at);
                self.read == 2
            }
            Part::Extra => self.read == self.extra,
            Part::Name | Part::Comment => byte == 0,
            Part::Checksum => self.read == 2,
        })
    }

    /// False if this part was the last.
    fn next_part(&mut self) -> bool {
        let parts = [
            (Part::ExtraLength, self.flags & 0b100 != 0),
            (Part::Extra, self.extra > 0),
            (Part::Name, self.flags & 0b1000 != 0),
            (Part::Comment, self.flags & 0b1_0000 != 0),
            (Part::Checksum, self.flags & 0b10 != 0),
        ];
        let next = parts.into_iter().find(|(part, is_announced)| *is_announced && *part > self.part);
        self.read = 0;
        next.map(|(part, _)| self.part = part).is_some()
    }
}

/// How a member begins: gzip, and deflate as its method.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// CRC-32 and length, four bytes each.
const CHECKSUM: usize = 8;

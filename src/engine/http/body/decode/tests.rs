//! Codings over a real connection, because only hyper can make a body for the decoder.

use async_compression::Level;

use super::*;
use crate::error::Error;
use crate::http::body::paced::INPUT;
use crate::http::testing::{Server, get, rules, whole};
use crate::http::{Limits, PhaseCell, Response, Rules, exchange, testing};

async fn answer(content_encoding: &str, body: &[u8]) -> Result<Box<Response>, Error> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-encoding: {content_encoding}\r\n\r\n"
    );
    answer_with([head.as_bytes(), body].concat()).await
}

async fn answer_with(answer: Vec<u8>) -> Result<Box<Response>, Error> {
    let server = Server::answering(vec![answer]).await;
    let rules = Rules { limits: Limits { size: 1024 * 1024, ..rules().limits }, ..rules() };
    whole(exchange(&testing::transport(), &get(server.url("/")), &rules, &PhaseCell::default()).await).await
}

async fn code(content_encoding: &str, body: &[u8]) -> &'static str {
    let error = answer(content_encoding, body).await.unwrap_err();
    let Error::Network { fault, .. } = error else { panic!("{error:?}") };
    fault.code().unwrap()
}

/// Of brotli's encoder. Its own level would take seconds here, because its code is not optimised in a test.
const QUICK: Level = Level::Precise(4);

/// `plain` in every coding, deflate's both formats included.
async fn coded(plain: &[u8]) -> [(&'static str, Vec<u8>); 5] {
    async fn all(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
        let mut coded = Vec::new();
        encoder.read_to_end(&mut coded).await.unwrap();
        coded
    }
    [
        ("gzip", all(codec::GzipEncoder::new(plain)).await),
        ("deflate", all(codec::ZlibEncoder::new(plain)).await),
        ("deflate", all(codec::DeflateEncoder::new(plain)).await),
        ("br", all(codec::BrotliEncoder::with_quality(plain, QUICK)).await),
        ("zstd", all(codec::ZstdEncoder::new(plain)).await),
    ]
}

/// Compresses, though to nothing that fits in one read.
fn text(length: usize) -> Vec<u8> {
    let mut seed = 1_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"0123456789abcdef"[(seed >> 28) as usize]
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn every_coding_in_one_read_and_in_many() {
    for length in [0, 1, 5000, 400_000] {
        let plain = text(length);
        for (name, body) in coded(&plain).await {
            let response = answer(name, &body).await.unwrap();
            assert!(response.body == plain, "{name} {length}");
            assert!(response.headers.is_empty());
        }
    }
    for (name, body) in coded(b"in many chunks").await {
        let head =
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: {name}\r\n\r\n");
        let chunks = body.iter().flat_map(|&byte| [&b"1\r\n"[..], &[byte], b"\r\n"].concat());
        let whole = head.into_bytes().into_iter().chain(chunks).chain(*b"0\r\n\r\n").collect();
        assert_eq!(answer_with(whole).await.unwrap().body, "in many chunks", "{name}");
    }
}

#[tokio::test]
async fn an_early_end_and_a_late_one() {
    for (name, body) in coded(&text(5000)).await {
        for end in [1, 5, body.len() / 2, body.len() - 1] {
            assert_eq!(code(name, &body[..end]).await, "Z_BUF_ERROR", "{name} {end}");
        }
        if name != "gzip" {
            assert_eq!(code(name, &[&body[..], b"garbage"].concat()).await, "Z_DATA_ERROR", "{name}");
        }
    }
}

#[tokio::test]
async fn gzip_may_lack_its_checksum_and_have_padding_behind_it() {
    let plain = text(100_000);
    let [(_, whole), ..] = coded(&plain).await;
    let bare = &whole[..whole.len() - 8];
    for body in [bare, &[&whole[..], &[0; 512]].concat(), &[&whole[..], b"\r\n"].concat()] {
        assert!(answer("gzip", body).await.unwrap().body == plain);
        let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body].concat();
        let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: Chunked\r\n\r\n";
        let chunked = [&head[..], &chunk, b"\r\n0\r\n\r\n"].concat();
        assert!(answer_with(chunked).await.unwrap().body == plain);
    }
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(code("gzip", &wrong).await, "Z_DATA_ERROR");
    for part in 1..8 {
        assert_eq!(code("gzip", &whole[..whole.len() - part]).await, "Z_BUF_ERROR", "{part}");
    }
}

#[tokio::test]
async fn zeros_are_padding_behind_other_codings() {
    for (name, body) in coded(b"hello").await {
        if name != "zstd" {
            assert_eq!(answer(name, &[&body[..], &[0; 512]].concat()).await.unwrap().body, "hello", "{name}");
        }
    }
}

#[tokio::test]
async fn without_http_s_word_a_missing_checksum_is_a_cut() {
    let [(_, whole), ..] = coded(b"hello").await;
    for (body, is_whole) in [(&whole[..], true), (&whole[..whole.len() - 8], false)] {
        let (listener, url) = testing::listen().await;
        let answer = [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", body].concat();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            testing::read_request(&mut stream).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, &answer).await.unwrap();
        });
        let answer = exchange(&testing::transport(), &get(url), &rules(), &PhaseCell::default()).await;
        match testing::whole(answer).await {
            Ok(response) => assert!(is_whole && response.body == "hello"),
            Err(Error::Network { fault, .. }) => assert!(!is_whole && fault == Fault::EncodingCutOff),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_gzip_head_with_all_its_parts_is_passed_over() {
    let [(_, plain), ..] = coded(b"hello").await;
    let parts = b"\x05\0extra\0name\0a comment\0\x12\x34";
    let parts = [&parts[..2], &parts[2..7], &parts[8..]].concat();
    let body = [&plain[..3], &[0b1_1110], &plain[4..10], &parts, &plain[10..]].concat();
    assert_eq!(answer("gzip", &body).await.unwrap().body, "hello");
    let no_extra = [&plain[..3], &[0b100], &plain[4..10], &[0, 0], &plain[10..]].concat();
    assert_eq!(answer("gzip", &no_extra).await.unwrap().body, "hello");
}

#[tokio::test]
async fn members_follow_each_other_where_the_format_has_them() {
    for (name, body) in coded(b"ha").await {
        let twice = answer(name, &[&body[..], &body].concat()).await;
        match name {
            "gzip" | "zstd" => assert_eq!(twice.unwrap().body, "haha", "{name}"),
            _ => assert!(matches!(twice, Err(Error::Network { fault: Fault::BadEncoding, .. })), "{name}"),
        }
    }
}

#[tokio::test]
async fn only_one_coding_is_decoded() {
    let [(_, gzip), ..] = coded(b"hello").await;
    for name in ["GZip", "x-gzip"] {
        assert_eq!(answer(name, &gzip).await.unwrap().body, "hello");
    }
    for name in ["gzip, gzip", "gzip\r\ncontent-encoding: gzip", "rot13", ""] {
        let response = answer(name, &gzip).await.unwrap();
        assert_eq!(response.body, gzip);
        assert!(response.headers.contains_key(CONTENT_ENCODING));
        assert_eq!(response.headers["content-length"], gzip.len().to_string());
    }
}

#[tokio::test]
async fn an_empty_body_needs_no_decoding() {
    for (name, _) in coded(b"").await {
        assert_eq!(answer(name, b"").await.unwrap().body, "");
        let until_close = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {name}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        );
        assert_eq!(answer_with(until_close.into_bytes()).await.unwrap().body, "");
    }
}

#[tokio::test]
async fn an_answer_to_head_keeps_its_headers() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 100\r\n\r\n".to_vec();
    let server = Server::answering(vec![answer]).await;
    let request = crate::http::WireRequest { method: http::Method::HEAD, ..get(server.url("/")) };
    let response = exchange(&testing::transport(), &request, &rules(), &PhaseCell::default()).await.unwrap();
    assert_eq!(response.headers.len(), 2);
}

#[tokio::test]
async fn a_window_that_http_does_not_allow_is_refused() {
    // A zstd frame of no bytes that asks for a window of 2 to the power of 10 + n / 8.
    let frame = |n| [b"\x28\xb5\x2f\xfd\x00", &[n][..], b"\x01\x00\x00"].concat();
    assert_eq!(answer("zstd", &frame(0x68)).await.unwrap().body, "");
    assert_eq!(code("zstd", &frame(0x70)).await, "Z_DATA_ERROR");
}

/// How often another task runs while `work` is done.
async fn turns_during(work: impl Future) -> usize {
    let mut turns = 0;
    let other = async {
        loop {
            turns += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = work => {}
        () = other => {}
    }
    turns
}

#[tokio::test]
async fn decoder_gives_way_while_little_input_becomes_much() {
    const SIZE: usize = 4 * 1024 * 1024;
    for (name, body) in coded(&vec![0; SIZE]).await {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {name}\r\ncontent-length: {length}\r\n\r\n");
        let server = Server::answering(vec![[head.as_bytes(), &body].concat()]).await;
        let rules = Rules { limits: Limits { size: u64::MAX, ..rules().limits }, ..rules() };
        let (transport, request, phase) = (testing::transport(), get(server.url("/")), PhaseCell::default());
        let answer = exchange(&transport, &request, &rules, &phase).await.unwrap();
        let download = answer.download.unwrap();
        let turns = turns_during(async {
            assert_eq!(download.collect().await.unwrap().len(), SIZE, "{name}");
        });
        assert!(turns.await >= SIZE / OUTPUT / 2, "{name}");
    }
}

#[tokio::test]
async fn decoder_gives_way_while_much_input_becomes_nothing() {
    let nothing = coded(b"").await;
    for (name, empty) in nothing {
        if name == "deflate" || name == "br" {
            continue;
        }
        let input = empty.repeat(8 * INPUT / empty.len());
        let turns = turns_during(async {
            let input = Paced::new(&input[..]);
            let mut plain = Vec::new();
            let read = if name == "gzip" {
                let mut decoder = codec::GzipDecoder::new(input);
                decoder.multiple_members(true);
                decoder.read_to_end(&mut plain).await
            } else {
                let mut decoder = codec::ZstdDecoder::new(input);
                decoder.multiple_members(true);
                decoder.read_to_end(&mut plain).await
            };
            assert_eq!(read.unwrap(), 0, "{name}");
        });
        assert!(turns.await >= 7, "{name}");
    }
}

use std::convert::Infallible;

use super::*;

const FILE: &[u8] = b"\r\n--B\r\nnot the boundary\r\n--";

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, content) in parts {
        body.extend(b"--BOUND\r\nContent-Disposition: form-data; ");
        body.extend(disposition.as_bytes());
        body.extend(b"\r\nContent-Type: x/y\r\n\r\n");
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--BOUND--\r\n");
    body
}

/// Reads a body that arrives in pieces of `step` bytes: name and content of the file, or the first failure.
async fn read(
    body: &[u8],
    step: usize,
    declared: Option<u64>,
    length: Option<u64>,
) -> Result<(String, Vec<u8>), MultipartError> {
    let pieces: Vec<Result<Bytes, Infallible>> =
        body.chunks(step).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let mut form = Multipart::new(paced(stream::iter(pieces), Duration::from_secs(60)), "BOUND");
    let name = form.find_file().await?;
    let size = form.file_size(declared, length)?;
    let (file, rest) = form.into_file(size).await;
    let mut file = file?;
    let mut content = Vec::new();
    while let Some(piece) = file.next().await {
        match piece {
            Ok(piece) => content.extend_from_slice(&piece),
            Err(_) => {
                assert!((content.len() as u64) < size, "a failed form must not give its last byte");
                return Err(rest.error().expect("a reason"));
            }
        }
    }
    assert_eq!(content.len() as u64, size);
    Ok((name, content))
}

/// With the true length, in every cut of the body.
async fn read_all_cuts(body: &[u8], declared: Option<u64>) -> Result<(String, Vec<u8>), MultipartError> {
    let length = Some(body.len() as u64);
    let whole = read(body, body.len().max(1), declared, length).await;
    for step in 1..=40 {
        assert_eq!(read(body, step, declared, length).await, whole, "in pieces of {step}");
    }
    whole
}

#[tokio::test]
async fn the_file_is_found_behind_fields_and_given_whole_however_the_body_is_cut() {
    for content in [&b""[..], b"x", b"\r\n", FILE, &[b'-'; 300]] {
        let body = form(&[
            ("name=\"a\"", b""),
            ("name=\"b\"", b"\r\n--BOUN"),
            ("name=\"f\"; filename=\"f.txt\"", content),
        ]);
        let expected = Ok(("f.txt".to_owned(), content.to_vec()));
        assert_eq!(read_all_cuts(&body, None).await, expected);
        assert_eq!(read_all_cuts(&body, Some(content.len() as u64)).await, expected);
        assert_eq!(read(&body, 7, Some(content.len() as u64), None).await, expected);
    }
}

#[tokio::test]
async fn a_declared_size_allows_fields_behind_the_file() {
    let body = form(&[("filename=f", b"12345"), ("name=a", b"later")]);
    assert_eq!(read_all_cuts(&body, Some(5)).await, Ok(("f".to_owned(), b"12345".to_vec())));
    assert!(matches!(read_all_cuts(&body, None).await, Err(MultipartError::WrongSize(_))));
}

#[tokio::test]
async fn a_wrong_declared_size_is_refused_before_the_last_byte() {
    let body = form(&[("filename=f", b"12345")]);
    for declared in [0, 4, 6, 500, u64::MAX] {
        let refused = read_all_cuts(&body, Some(declared)).await;
        assert_eq!(refused, Err(MultipartError::WrongSize(declared)), "{declared}");
    }
    assert_eq!(read(&body, 3, Some(20), None).await, Err(MultipartError::WrongSize(20)));
}

#[tokio::test]
async fn a_form_without_exactly_one_file_is_refused() {
    let none = form(&[("name=a", b"1")]);
    assert_eq!(read_all_cuts(&none, None).await, Err(MultipartError::NoFile));
    let unnamed = form(&[("name=f; filename=\"\"", b"")]);
    assert_eq!(read_all_cuts(&unnamed, None).await, Err(MultipartError::NoFile));
    let two = form(&[("filename=f", b"12"), ("filename=g", b"3")]);
    assert_eq!(read_all_cuts(&two, Some(2)).await, Err(MultipartError::SecondFile));
    assert_eq!(read(&two, 9, None, None).await, Err(MultipartError::LengthRequired));
}

#[tokio::test]
async fn a_form_that_ends_early_is_interrupted_at_every_byte() {
    let body = form(&[("name=a", b"1"), ("filename=f", b"12345")]);
    let end = body.len() - b"\r\n".len();
    for cut in 0..end {
        let length = Some(body.len() as u64);
        let refused = read(&body[..cut], 16, None, length).await;
        assert_eq!(refused, Err(MultipartError::Interrupted), "cut at {cut}");
    }
}

#[tokio::test]
async fn oversized_heads_fields_and_epilogues_are_refused() {
    let malformed = |result| matches!(result, Err(MultipartError::Malformed(_)));
    let head = form(&[(&format!("filename=f; x={}", "x".repeat(MAX_HEAD)), b"")]);
    assert!(malformed(read(&head, 1000, None, Some(head.len() as u64)).await));
    let field = form(&[("name=a", &vec![b'x'; MAX_FIELD + 1]), ("filename=f", b"")]);
    let refused = read(&field, 1000, None, Some(field.len() as u64)).await;
    assert_eq!(refused, Err(MultipartError::TooManyFields));
    let mut fields = vec![("name=a", &b"1"[..]); MAX_FIELDS + 1];
    fields.push(("filename=f", b""));
    let fields = form(&fields);
    let refused = read(&fields, 1000, None, Some(fields.len() as u64)).await;
    assert_eq!(refused, Err(MultipartError::TooManyFields));
    let mut long = form(&[("filename=f", b"1")]);
    long.extend([b'x'; 2 * MAX_EPILOGUE]);
    assert!(malformed(read(&long, 1000, Some(1), None).await));
    assert!(malformed(read(b"hello, this is no form", 5, None, Some(22)).await));
}

#[tokio::test]
async fn a_silent_sender_is_given_up() {
    let idle = Duration::from_millis(30);
    let silent = stream::pending::<Result<Bytes, Infallible>>();
    let mut form = Multipart::new(paced(silent, idle), "BOUND");
    assert_eq!(form.find_file().await, Err(MultipartError::Stalled(idle)));
}

#[test]
fn the_boundary_comes_from_the_content_type() {
    assert_eq!(boundary("multipart/form-data; boundary=abc"), Ok("abc".to_owned()));
    assert_eq!(boundary("Multipart/Form-Data; charset=x; boundary=\"a b\""), Ok("a b".to_owned()));
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for bad in ["", "multipart/form-data", "multipart/mixed; boundary=a", "text/plain", &long] {
        assert_eq!(boundary(bad), Err(MultipartError::NotMultipart), "{bad}");
    }
}

//! One call to a service with a message that is known only by its descriptor.

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::{Stream, StreamExt as _};
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::DynamicMessage;
use tonic::Status;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use yimen_kernel::error::{Error, Result};
use yimen_platform::rpc::from_status;

use super::route::Route;
use crate::door::{ANSWER_MAX, Door, DoorCaller};

/// Calls the method of `route` in the caller's name.
///
/// # Errors
/// What the service says; `UNAVAILABLE` if it says nothing.
pub async fn unary(
    door: &Door,
    caller: &DoorCaller,
    route: &Route,
    message: &DynamicMessage,
) -> Result<DynamicMessage> {
    let mut client = Grpc::new(door.channel(route.service())?).max_decoding_message_size(ANSWER_MAX);
    client.ready().await.map_err(Error::unavailable)?;
    let path = PathAndQuery::try_from(route.grpc_path()).map_err(Error::internal)?;
    let request = door.request(caller, Bytes::from(message.encode_to_vec()));
    let answer = client.unary(request, path, Untyped).await.map_err(|status| from_status(&status))?;
    DynamicMessage::decode(route.method.output(), answer.into_inner()).map_err(Error::internal)
}

/// Calls the method of `route`, which answers again and again, in the caller's name.
///
/// # Errors
/// What the service says before its first answer; an item, and the last, is what it says later.
pub async fn stream(
    door: &Door,
    caller: &DoorCaller,
    route: &Route,
    message: &DynamicMessage,
) -> Result<impl Stream<Item = Result<DynamicMessage>> + use<>> {
    let mut client = Grpc::new(door.open_channel(route.service())?).max_decoding_message_size(ANSWER_MAX);
    client.ready().await.map_err(Error::unavailable)?;
    let path = PathAndQuery::try_from(route.grpc_path()).map_err(Error::internal)?;
    let request = door.request(caller, Bytes::from(message.encode_to_vec()));
    let answer =
        client.server_streaming(request, path, Untyped).await.map_err(|status| from_status(&status))?;
    let output = route.method.output();
    Ok(answer.into_inner().map(move |message| {
        let message = message.map_err(|status| from_status(&status))?;
        DynamicMessage::decode(output.clone(), message).map_err(Error::internal)
    }))
}

/// Messages as the bytes that they are.
pub struct Untyped;

impl Codec for Untyped {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Untyped {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Untyped {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

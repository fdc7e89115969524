//! The mutations of sightings: a person books one, or says that it is none.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::extraction::extractor::Reader;
use crate::extraction::sighting;
use crate::extraction::{accept, review};
use crate::graphql::change::once;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::sightings::input::{AcceptSightingInput, RejectSightingInput};
use crate::graphql::sightings::object::Sighting;
use crate::graphql::transactions::object::Transaction;
use crate::graphql::user_error::{UserError, split};
use crate::money::Currency;
use crate::transactions;
use crate::users::user;

/// The fields of the mutation root.
#[derive(Default)]
pub struct SightingMutation;

/// What became of the wish to book a sighting.
#[derive(SimpleObject)]
pub struct AcceptSightingPayload {
    /// The sighting as it is now; null when nothing was booked.
    sighting: Option<Sighting>,
    /// The transaction; null when nothing was booked.
    transaction: Option<Transaction>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

/// What became of the wish to reject a sighting.
#[derive(SimpleObject)]
pub struct RejectSightingPayload {
    /// The sighting as it is now; null when nothing was changed.
    sighting: Option<Sighting>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

#[Object]
impl SightingMutation {
    /// Books one of the viewer's sightings that waits for a person, or that they rejected before, as it was read or as the input says.
    async fn accept_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sighting to book, and what is different about it.")] input: AcceptSightingInput,
    ) -> Result<AcceptSightingPayload> {
        ctx.viewer()?;
        let (booked, user_errors) = split(book(ctx, input).await, |booked| booked)?;
        let (sighting, transaction) =
            booked.map(|(seen, booked)| (Sighting(seen), Transaction::from(booked))).unzip();
        Ok(AcceptSightingPayload { sighting, transaction, user_errors })
    }

    /// Says that one of the viewer's sightings is no transaction. No later reading of its mail brings it back; `acceptSighting` books it
    /// all the same.
    async fn reject_sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sighting that is no transaction.")] input: RejectSightingInput,
    ) -> Result<RejectSightingPayload> {
        ctx.viewer()?;
        let (sighting, user_errors) = split(reject(ctx, input).await, Sighting)?;
        Ok(RejectSightingPayload { sighting, user_errors })
    }
}

async fn book(
    ctx: &Context<'_>,
    input: AcceptSightingInput,
) -> Result<(sighting::Sighting, transactions::Transaction)> {
    let once = once("acceptSighting", input.idempotency_key.as_deref(), &input)?;
    let (id, user_id) = (NodeType::Sighting.read(&input.id, "id")?, ctx.viewer()?.user_id);
    let (said, conn) = (input.parse()?, &mut *ctx.conn().await?);
    let user = user::find(conn, user_id).await?.ok_or(Error::Unauthenticated)?;
    let reader = Reader { zone: user.zone(), home_currency: Currency::parse(&user.base_currency) };
    accept::accept(conn, &ctx.app().clock, &reader, (user_id, id), said, once.as_ref(), &ctx.author()).await
}

async fn reject(ctx: &Context<'_>, input: RejectSightingInput) -> Result<sighting::Sighting> {
    let (id, user_id) = (NodeType::Sighting.read(&input.id, "id")?, ctx.viewer()?.user_id);
    review::reject(&mut *ctx.conn().await?, user_id, id, input.reason.as_deref(), &ctx.author()).await
}

//! The frozen quote: what it copies, what must be typed, what stands against it and what is worth knowing.

use crate::support::accept::{amount, facts, limits};
use crate::support::market::{HEIGHT, OWNER, bid, leased, recorded, varied};
use akbids::domain::appraise::{Blocker, Market, appraise};
use akbids::domain::bid::{
    Address, Audit, Bid, BidId, BidState, Escrow, GroupSpec, GroupState, OrderState, Requirements, Snapshot,
};
use akbids::domain::diff::Fit;
use akbids::domain::money::{Amount, Denom};
use akbids::domain::quote::{Caution, Check, Facts, Limits, NoQuote, Obstacle, Quote, Witness, check, last_four};
use akbids::domain::text::{Clean, quoted};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::sync::Arc;

/// The cheapest bid that fits, of group 1.
const CHEAPEST: &str = "akash1mx4qlmjxcy0tdlww249jqsr6z6pmxsg8hspd54";
/// One GPU where two were asked.
const SHORT: &str = "akash147xcnmr67qlrswwek72du8h504y8r8yr6639rl";
/// An empty offer.
const UNCLEAR: &str = "akash106nrdvdkk0f6tf6skkr8pgfrgelsj2ge4pxel9";
/// No GPU.
const WRONG: &str = "akash1v4jyl63yq6mm2g7d7gughc9nk4hnvapvy3rskv";
/// The cheapest of group 2 in `varied`.
const EDGE: &str = "akash108vqkeehevvx6d3f206u4ghl4ka472lktj7w8z";

fn id_of(market: &Market, gseq: u32, provider: &str) -> BidId {
    let row = market.rows.iter().find(|row| row.bid.id.gseq == gseq && row.bid.id.provider.as_str() == provider);
    row.unwrap_or_else(|| panic!("{provider} has no bid in group {gseq}")).bid.id.clone()
}

fn freeze(snapshot: &Snapshot, picks: &[(u32, &str)]) -> Result<Quote, NoQuote> {
    let market = appraise(snapshot);
    let ids: Vec<BidId> = picks.iter().map(|(gseq, provider)| id_of(&market, *gseq, provider)).collect();
    Quote::freeze(snapshot, &market, &ids)
}

fn one(snapshot: &Snapshot, provider: &str) -> Quote {
    freeze(snapshot, &[(1, provider)]).unwrap()
}

fn edit(snapshot: &mut Snapshot, provider: &str, change: impl FnOnce(&mut Bid)) {
    let bid = snapshot.bids.iter_mut().find(|bid| bid.id.provider.as_str() == provider).unwrap();
    change(Arc::make_mut(bid));
}

fn codes(check: &Check) -> (Vec<&'static str>, Vec<&'static str>) {
    (check.obstacles.iter().map(Obstacle::code).collect(), check.cautions.iter().map(Caution::code).collect())
}

/// Obstacles of a quote whose facts or limits were changed.
fn against(quote: &Quote, change: impl FnOnce(&mut Facts, &mut Limits)) -> Vec<Obstacle> {
    let (mut facts, mut limits) = (facts(quote), limits());
    change(&mut facts, &mut limits);
    check(quote, &facts, &limits).obstacles
}

#[test]
fn it_copies_what_was_shown() {
    let quote = one(&recorded(), CHEAPEST);
    let pick = &quote.picks[0];
    assert_eq!((quote.owner.as_str(), quote.height), (OWNER, HEIGHT));
    assert_eq!(quote.chain_id.as_deref(), Some("akashnet-2"));
    assert_eq!(pick.price, amount("1213.285682", "uact"));
    assert_eq!(quote.price().as_ref(), Some(&pick.price));
    assert_eq!(pick.gpu_text, "2× A100 80 GiB");
    assert_eq!(pick.fit, Some(Fit::Exact));
    assert_eq!(pick.blockers, []);
    assert_eq!(pick.other_open_bids, 20);
    assert_eq!(pick.place.rank, Some(1));
    assert_eq!(pick.place.of, recorded_that_fit());
    // 5 ACT since 61 blocks, nothing runs: all of it is there.
    assert_eq!(quote.escrow_left, Some(amount("5000000", "uact")));
    // 5000000 / 1213.285682 blocks of 5.94 s.
    assert_eq!(quote.runway_s, Some(24_478));
    assert_eq!(quote.left_out, []);
    assert_eq!(last_four(&pick.id.provider), "pd54");
}

fn recorded_that_fit() -> usize {
    appraise(&recorded()).rows.iter().filter(|row| row.takeable() && row.fit.is_some_and(Fit::met)).count()
}

#[test]
fn its_place_is_among_those_that_fit_as_well() {
    let market = appraise(&recorded());
    let mut fitting: Vec<(Decimal, BidId)> = market
        .rows
        .iter()
        .filter(|row| row.fit.is_some_and(Fit::met))
        .map(|row| (row.usd_hour.unwrap(), row.bid.id.clone()))
        .collect();
    fitting.sort();
    for (n, (usd, id)) in fitting.iter().enumerate() {
        let quote = Quote::freeze(&recorded(), &market, std::slice::from_ref(id)).unwrap();
        let place = &quote.picks[0].place;
        assert_eq!((place.rank, place.of), (Some(n + 1), fitting.len()));
        let other = if n == 0 { fitting[1].0 } else { fitting[0].0 };
        assert_eq!(place.other.as_ref().map(|(usd, _)| *usd), Some(other));
        let cautions = check(&quote, &facts(&quote), &limits()).cautions;
        let dearer = cautions.iter().find_map(|caution| match caution {
            Caution::Dearer { by, .. } => Some(*by),
            _ => None,
        });
        assert_eq!(dearer, (n > 0).then(|| usd - fitting[0].0));
    }
    // What falls short is compared with all that fit as well or better.
    let short = one(&recorded(), SHORT);
    assert!(short.picks[0].place.of > fitting.len());
    // A bid that cannot be taken is no rival.
    let mut fewer = recorded();
    edit(&mut fewer, CHEAPEST, |bid| bid.state = BidState::Closed);
    let second = Quote::freeze(&fewer, &appraise(&fewer), std::slice::from_ref(&fitting[1].1)).unwrap();
    assert_eq!((second.picks[0].place.rank, second.picks[0].place.of), (Some(1), fitting.len() - 1));
}

#[test]
fn what_must_be_typed() {
    for (provider, phrase) in
        [(CHEAPEST, "pd54"), (SHORT, "short 39rl"), (UNCLEAR, "unclear xel9"), (WRONG, "wrong rskv")]
    {
        assert_eq!(one(&recorded(), provider).phrase(), phrase);
    }
    let both = freeze(&varied(), &[(2, EDGE), (1, CHEAPEST)]).unwrap();
    assert_eq!(both.phrase(), "pd54 7w8z");
    assert_eq!(one(&varied(), CHEAPEST).phrase(), "partial pd54");
    assert_eq!(freeze(&varied(), &[(1, SHORT), (2, EDGE)]).unwrap().phrase(), "short 39rl 7w8z");
    assert_eq!(freeze(&varied(), &[(1, SHORT)]).unwrap().phrase(), "short partial 39rl");
    // What was asked for is not known: nobody can say that it fits.
    let mut unknown = recorded();
    for spec in unknown.orders.iter_mut().flatten().map(|order| &mut order.spec) {
        *spec = Arc::new(GroupSpec { units: Vec::new(), ..GroupSpec::clone(spec) });
    }
    assert_eq!(one(&unknown, CHEAPEST).phrase(), "unclear pd54");
}

#[test]
fn a_group_that_takes_no_bids_is_not_left_out() {
    let mut snapshot = varied();
    assert_eq!(one(&snapshot, CHEAPEST).left_out, [(2, Clean::new("edge"))]);
    snapshot.deployment.as_mut().unwrap().groups[1].state = GroupState::Paused;
    assert_eq!(one(&snapshot, CHEAPEST).left_out, []);
    let mut snapshot = varied();
    snapshot.orders.as_mut().unwrap()[1].state = OrderState::Closed;
    assert_eq!(one(&snapshot, CHEAPEST).left_out, []);
}

#[test]
fn no_quote_and_why() {
    let snapshot = recorded();
    let market = appraise(&snapshot);
    let id = id_of(&market, 1, CHEAPEST);
    let of = |ids: &[BidId]| Quote::freeze(&snapshot, &market, ids).unwrap_err();
    assert_eq!(of(&[]), NoQuote::Nothing);
    let stranger = BidId { provider: Address::new(OWNER), ..id.clone() };
    assert_eq!(of(&[id.clone(), stranger.clone()]), NoQuote::NoSuchBid(stranger));
    let again = BidId { bseq: 1, ..id.clone() };
    assert_eq!(of(std::slice::from_ref(&again)), NoQuote::NoSuchBid(again));
    assert_eq!(of(&[id.clone(), id_of(&market, 1, SHORT)]), NoQuote::TwoOfOneGroup(1));
    assert_eq!(of(&[id.clone(), id.clone()]), NoQuote::TwoOfOneGroup(1));
    for change in [(|s| s.saved = true) as fn(&mut Snapshot), |s| s.deployment = None, |s| s.chain.height = None] {
        let mut snapshot = recorded();
        change(&mut snapshot);
        assert_eq!(Quote::freeze(&snapshot, &market, std::slice::from_ref(&id)), Err(NoQuote::NotLive));
    }
}

#[test]
fn a_bid_that_fits_has_nothing_against_it() {
    let quote = one(&recorded(), CHEAPEST);
    let found = check(&quote, &facts(&quote), &limits());
    // 6 h 47 min of escrow, and no provider of the recording promises notice.
    assert_eq!(codes(&found), (vec![], vec!["no_reclamation", "runway"]));
    assert!(found.cautions.iter().all(|caution| !caution.loud()));
}

#[test]
fn everything_that_stops_it() {
    let quote = one(&recorded(), CHEAPEST);
    let only = |wanted: &str, found: Vec<Obstacle>| {
        let codes: Vec<&str> = found.iter().map(Obstacle::code).collect();
        assert_eq!(codes, [wanted], "{found:?}");
        assert!(!found[0].to_string().is_empty());
    };
    let reread = |snapshot: &Snapshot| one(snapshot, CHEAPEST);
    only("wrong_chain", against(&quote, |facts, _| facts.chain_id = Clean::new("sandbox-2")));
    only("wrong_chain", against(&quote, |_, limits| limits.chain_id = "sandbox-2".to_owned()));
    let elsewhere = Quote { chain_id: Some(Clean::new("sandbox-2")), ..quote.clone() };
    only("wrong_chain", against(&elsewhere, |_, _| {}));
    only("over_max_usd_per_hour", against(&quote, |_, l| l.max_usd_per_hour = Some("0.7352".parse().unwrap())));
    only("over_max_price", against(&quote, |_, l| l.max_price = Some(amount("1213.285681", "uact"))));
    only("over_max_price", against(&quote, |_, l| l.max_price = Some(amount("5000", "uakt"))));
    only("over_max_fee", against(&quote, |_, l| l.max_fee = "9074".parse().unwrap()));
    only(
        "over_max_fee",
        against(&quote, |f, _| {
            f.fee.amount = amount("5", "uact");
            f.balance = amount("5", "uact");
        }),
    );
    only("balance_below_fee", against(&quote, |f, _| f.balance = amount("9074", "uakt")));
    only("balance_below_fee", against(&quote, |f, _| f.balance = amount("25000000", "uact")));
    only(
        "contradicted",
        against(&quote, |f, _| {
            f.witness = Witness::Contradicts { rest: Clean::new("b"), ours: "1".to_owned(), theirs: "2".to_owned() };
        }),
    );
    let mut dearer = recorded();
    edit(&mut dearer, CHEAPEST, |bid| bid.price = amount("1213.285682000000000001", "uact"));
    only("changed", against(&quote, |f, _| f.reread = reread(&dearer)));
    let mut less = recorded();
    edit(&mut less, CHEAPEST, |bid| bid.offer = bid_offer("8 32 100 2 a100/ram/80Gi"));
    only("changed", against(&quote, |f, _| f.reread = reread(&less)));
    let mut withdrawn = recorded();
    edit(&mut withdrawn, CHEAPEST, |bid| bid.state = BidState::Closed);
    only("bid_closed", against(&quote, |f, _| f.reread = reread(&withdrawn)));
    only("order_taken", against(&quote, |f, _| f.reread = reread(&leased(SHORT))));
    let escrow = |change: fn(&mut Escrow)| {
        let mut snapshot = recorded();
        change(snapshot.deployment.as_mut().unwrap().escrow.as_mut().unwrap());
        against(&quote, |f, _| f.reread = reread(&snapshot))
    };
    only("escrow_empty", escrow(|e| e.funds.clear()));
    only("escrow_empty", escrow(|e| e.funds = vec![amount("-4", "uact")]));
    only("escrow_empty", escrow(|e| e.funds = vec![amount("0", "uact")]));
    only("escrow_empty", escrow(|e| e.funds = vec![amount("5000000", "uakt")]));
    only("escrow_unknown", escrow(|e| e.settled_height = None));
    let mut unknown = recorded();
    unknown.leases = None;
    only("escrow_unknown", against(&quote, |f, _| f.reread = reread(&unknown)));
}

fn bid_offer(text: &str) -> Option<Vec<akbids::domain::resources::Unit>> {
    bid(CHEAPEST, "1", "uact", 1, text).offer
}

#[test]
fn a_ceiling_holds_at_its_very_figure_and_for_all_picks_together() {
    let quote = one(&recorded(), CHEAPEST);
    let usd = quote.usd_hour().unwrap();
    assert_eq!(against(&quote, |_, l| l.max_usd_per_hour = Some(usd)), []);
    assert_eq!(against(&quote, |_, l| l.max_price = Some(amount("1213.285682", "uact"))), []);
    assert_eq!(against(&quote, |_, l| l.max_fee = "9075".parse().unwrap()), []);
    assert_eq!(against(&quote, |f, _| f.balance = amount("9075", "uakt")), []);
    let both = freeze(&varied(), &[(1, CHEAPEST), (2, EDGE)]).unwrap();
    assert_eq!(both.price(), Some(amount("1254.485682", "uact")));
    assert!(both.usd_hour().unwrap() > usd);
    let found = against(&both, |_, l| {
        l.max_usd_per_hour = Some(usd);
        l.max_price = Some(amount("1254.485681", "uact"));
    });
    let codes: Vec<&str> = found.iter().map(Obstacle::code).collect();
    assert_eq!(codes, ["over_max_usd_per_hour", "over_max_price"]);
    // Dollars that moved since: the dearer figure counts.
    let found = against(&quote, |f, l| {
        l.max_usd_per_hour = Some(usd);
        f.reread.picks[0].usd_hour = Some(usd + Decimal::ONE);
    });
    assert_eq!(found[0].code(), "over_max_usd_per_hour");
    // Unknown dollars fail the ceiling, and do nothing without one.
    let strange = one(&varied(), "akash1et9xvtsr5gjwmev4ck06vjf366f5gwhdzku4tt");
    assert_eq!(strange.usd_hour(), None);
    let found = against(&strange, |_, l| l.max_usd_per_hour = Some(Decimal::ONE_THOUSAND));
    assert!(found.iter().any(|o| matches!(o, Obstacle::OverDollars { price: None, .. })), "{found:?}");
    let cautions = check(&strange, &facts(&strange), &limits()).cautions;
    assert!(cautions.iter().any(|c| matches!(c, Caution::DollarsUnknown { .. })), "{cautions:?}");
}

#[test]
fn picks_of_several_coins_have_no_common_price_and_each_needs_its_escrow() {
    let mut snapshot = varied();
    let edge = snapshot.bids.iter_mut().find(|b| b.id.gseq == 2 && b.id.provider.as_str() == EDGE).unwrap();
    Arc::make_mut(edge).price = amount("9", "uakt");
    let quote = freeze(&snapshot, &[(1, CHEAPEST), (2, EDGE)]).unwrap();
    assert_eq!(quote.price(), None);
    assert_eq!(quote.prices(), Some(vec![amount("1213.285682", "uact"), amount("9", "uakt")]));
    assert_eq!(quote.runway_s, None);
    let found = against(&quote, |_, _| {});
    assert!(matches!(&found[..], [Obstacle::EscrowEmpty { denom: Denom::Uakt, .. }]), "{found:?}");
    let funds = &mut snapshot.deployment.as_mut().unwrap().escrow.as_mut().unwrap().funds;
    funds.push(amount("7", "uakt"));
    let quote = freeze(&snapshot, &[(1, CHEAPEST), (2, EDGE)]).unwrap();
    assert_eq!(against(&quote, |_, _| {}), []);
}

#[test]
fn what_an_escrow_holds_is_reckoned_to_the_present_height() {
    let mut snapshot = leased(SHORT);
    // Group 1 runs at SHORT's price since it was settled; a second group's bid is looked at.
    let second = varied();
    let market_of = |snapshot: &mut Snapshot| {
        let (deployment, known) = (snapshot.deployment.as_mut().unwrap(), second.deployment.as_ref().unwrap());
        deployment.groups.push(known.groups[1].clone());
        snapshot.orders.as_mut().unwrap().push(second.orders.as_ref().unwrap()[1].clone());
        snapshot.bids.extend(second.bids.iter().filter(|bid| bid.id.gseq == 2).cloned());
    };
    market_of(&mut snapshot);
    let price = snapshot.leases.as_ref().unwrap()[0].price.clone();
    let quote = freeze(&snapshot, &[(2, EDGE)]).unwrap();
    let left = amount("5000000", "uact").minus(&price.times(61).unwrap()).unwrap();
    assert_eq!(quote.escrow_left, Some(left));
    snapshot.chain.height = Some(HEIGHT + 5000);
    let later = freeze(&snapshot, &[(2, EDGE)]).unwrap();
    assert!(later.escrow_left.as_ref().unwrap().value < Decimal::ZERO);
    let found = against(&quote, |f, _| f.reread = later.clone());
    assert_eq!(found.iter().map(Obstacle::code).collect::<Vec<_>>(), ["escrow_empty"]);
    assert!(found[0].to_string().contains("deposit deployment 5000000uact --dseq 27011279"), "{}", found[0]);
    // A coin's name that no shell should see stays out of the command.
    let strange = Obstacle::EscrowEmpty { denom: Denom::new("u$(reboot)"), owner: Address::new(OWNER), dseq: 7 };
    assert!(!strange.to_string().contains("akash tx"), "{strange}");
}

#[test]
fn what_is_worth_knowing() {
    let mut snapshot = recorded();
    let auditor = "akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63";
    let requirements = Requirements { all_of: vec![Address::new(auditor)], ..Requirements::default() };
    for order in snapshot.orders.iter_mut().flatten() {
        order.spec = Arc::new(GroupSpec { requirements: requirements.clone(), ..GroupSpec::clone(&order.spec) });
    }
    let cautions = |snapshot: &Snapshot, provider: &str, witness: Option<Witness>| {
        let quote = one(snapshot, provider);
        let mut facts = facts(&quote);
        facts.witness = witness.unwrap_or(facts.witness);
        check(&quote, &facts, &limits()).cautions
    };
    let named = |cautions: &[Caution]| cautions.iter().map(Caution::code).collect::<Vec<_>>();
    assert_eq!(named(&cautions(&snapshot, CHEAPEST, None)), ["no_reclamation", "not_signed", "runway"]);
    // The audits did not come: nobody can say that they are missing.
    let mut unknown = snapshot.clone();
    Arc::make_mut(unknown.providers.get_mut(&Address::new(CHEAPEST)).unwrap()).audits = None;
    assert_eq!(named(&cautions(&unknown, CHEAPEST, None)), ["no_reclamation", "runway"]);
    let mut signed = snapshot.clone();
    Arc::make_mut(signed.providers.get_mut(&Address::new(CHEAPEST)).unwrap()).audits =
        Some(vec![Audit { auditor: Address::new(auditor), attributes: Vec::new() }]);
    edit(&mut signed, CHEAPEST, |bid| bid.reclamation_s = Some(3600));
    assert_eq!(named(&cautions(&signed, CHEAPEST, None)), ["runway"]);
    let silent = Witness::LeftOut { rest: Clean::new("https://b"), why: Clean::new("timed out") };
    assert_eq!(named(&cautions(&signed, CHEAPEST, Some(silent))), ["runway", "unwitnessed"]);
    assert_eq!(named(&cautions(&signed, CHEAPEST, Some(Witness::None))), ["runway"]);
    for (provider, fit, loud) in [(SHORT, Fit::Short, true), (UNCLEAR, Fit::Unclear, false), (WRONG, Fit::Wrong, true)]
    {
        let found = cautions(&signed, provider, None);
        assert!(matches!(&found[0], Caution::Fit { fit: level, .. } if *level == fit), "{found:?}");
        assert_eq!(found[0].loud(), loud);
    }
}

#[test]
fn all_that_an_offer_lacks_is_told_the_worst_first() {
    let text = |offer: &str| {
        let mut snapshot = recorded();
        edit(&mut snapshot, CHEAPEST, |bid| bid.offer = bid_offer(offer));
        let quote = one(&snapshot, CHEAPEST);
        match check(&quote, &facts(&quote), &limits()).cautions.into_iter().next() {
            Some(Caution::Fit { text, .. }) => text,
            other => panic!("{other:?}"),
        }
    };
    let two = text("8 32 100 1 a100/ram/80Gi");
    assert_eq!(two.split("; ").count(), 2, "{two}");
    let many = text("4 32 50 1 rtx4090");
    assert!(many.contains("RTX 4090") && many.ends_with("; and 2 more"), "{many}");
    assert!(many.split("; ").next().is_some_and(|first| first.contains("RTX 4090")), "{many}");
}

#[test]
fn a_runway_of_a_day_is_enough_and_under_an_hour_is_loud() {
    let with = |seconds: Option<i64>| {
        let quote = one(&recorded(), CHEAPEST);
        let mut facts = facts(&quote);
        facts.reread.runway_s = seconds;
        let cautions = check(&quote, &facts, &limits()).cautions;
        cautions.into_iter().find(|caution| matches!(caution, Caution::Runway { .. }))
    };
    assert_eq!(with(Some(24 * 3600)), None);
    assert_eq!(with(None), None);
    assert_eq!(with(Some(24 * 3600 - 1)).map(|c| c.loud()), Some(false));
    assert_eq!(with(Some(3600)).map(|c| c.loud()), Some(false));
    let short = with(Some(3599)).unwrap();
    assert!(short.loud());
    assert_eq!(short.to_string(), "the escrow lasts 59 minutes");
}

#[test]
fn a_change_of_what_was_shown_is_told() {
    let quote = one(&varied(), CHEAPEST);
    assert_eq!(quote.changed(&quote), None);
    let changed = |change: fn(&mut Quote)| {
        let mut newer = quote.clone();
        change(&mut newer);
        quote.changed(&newer)
    };
    // What stands beside the bids may move.
    assert_eq!(changed(|q| q.height += 5), None);
    assert_eq!(changed(|q| q.escrow_left = None), None);
    assert_eq!(changed(|q| q.picks[0].place.of = 1), None);
    assert_eq!(changed(|q| q.left_out.clear()), None);
    assert!(changed(|q| q.picks[0].price = amount("1213.285682", "uakt")).is_some());
    assert!(changed(|q| q.picks[0].price.value = Decimal::MAX).is_some());
    assert!(changed(|q| q.picks[0].fit = None).is_some());
    assert!(changed(|q| q.picks[0].reclamation_s = Some(60)).is_some());
    assert!(changed(|q| q.picks[0].id.bseq = 1).is_some());
    assert!(changed(|q| q.picks.clear()).is_some());
    assert!(changed(|q| q.left_out.push((3, Clean::new("new")))).unwrap().contains("group 3"));
    // Amounts too large for integers of 10⁻¹⁸ are compared all the same.
    let huge = |value: Decimal| {
        let mut quote = quote.clone();
        quote.picks[0].price = Amount { value, denom: Denom::Uact };
        quote
    };
    assert!(huge(Decimal::MAX).changed(&huge(Decimal::MAX - Decimal::ONE)).is_some());
}

#[test]
fn sentences_hold_no_words_of_a_provider_as_their_own() {
    assert_eq!(quoted("a \" b"), "\"a ' b\"");
    let caution = Caution::Dearer {
        provider: Address::new(SHORT),
        by: "0.21".parse().unwrap(),
        than: "Cheap\" audited by Akash".to_owned(),
    };
    assert_eq!(caution.to_string(), "\"Cheap' audited by Akash\" fits as well and costs $0.2100/hr less");
    let blocker = Blocker::BidNotOpen(BidState::Closed);
    let gone = Obstacle::NotTakeable { provider: Address::new(SHORT), blocker };
    assert_eq!(gone.to_string(), "the bid of akash147xc…39rl cannot be taken: the provider withdrew it");
}

/// Any one bid, or one of each group.
fn any_picks() -> impl Strategy<Value = Vec<BidId>> {
    let market = appraise(&varied());
    let of = |gseq: u32| -> Vec<BidId> {
        market.rows.iter().map(|row| row.bid.id.clone()).filter(|id| id.gseq == gseq).collect()
    };
    let (first, second) = (prop::sample::select(of(1)), prop::sample::select(of(2)));
    prop_oneof![
        first.clone().prop_map(|id| vec![id]),
        second.clone().prop_map(|id| vec![id]),
        (first, second).prop_map(|(a, b)| vec![b, a]),
    ]
}

fn frozen(picks: &[BidId]) -> Quote {
    Quote::freeze(&varied(), &appraise(&varied()), picks).unwrap()
}

proptest! {
    #[test]
    fn only_the_phrase_confirms(picks in any_picks(), other in any_picks(), typed in "[a-z0-9 ]{0,24}", blanks in " {0,3}") {
        let quote = frozen(&picks);
        let phrase = quote.phrase();
        prop_assert!(quote.confirmed_by(&phrase));
        let padded = format!("{blanks}{}{blanks}", phrase.replace(' ', &format!(" {blanks}")));
        prop_assert!(quote.confirmed_by(&padded));
        prop_assert_eq!(quote.confirmed_by(&typed), typed.split_whitespace().eq(phrase.split_whitespace()));
        // Each part of it is needed.
        let words: Vec<&str> = phrase.split(' ').collect();
        for skip in 0..words.len() {
            let fewer: Vec<&str> = words.iter().enumerate().filter(|(n, _)| *n != skip).map(|(_, word)| *word).collect();
            prop_assert!(!quote.confirmed_by(&fewer.join(" ")));
        }
        for (n, _) in phrase.char_indices() {
            prop_assert!(!quote.confirmed_by(&phrase[..n]));
        }
        let more = format!("{phrase} y");
        prop_assert!(!quote.confirmed_by(&more));
        let other = frozen(&other);
        prop_assert_eq!(quote.confirmed_by(&other.phrase()), other.phrase() == phrase);
    }

    #[test]
    fn the_phrase_names_every_provider_and_every_fault(picks in any_picks()) {
        let quote = frozen(&picks);
        let phrase = quote.phrase();
        let words: Vec<&str> = phrase.split(' ').collect();
        let fours: Vec<String> = quote.picks.iter().map(|pick| last_four(&pick.id.provider)).collect();
        prop_assert_eq!(&words[words.len() - fours.len()..], &fours[..]);
        prop_assert!(quote.picks.windows(2).all(|two| two[0].id.gseq < two[1].id.gseq));
        let met = quote.picks.iter().all(|pick| pick.fit.is_some_and(Fit::met));
        prop_assert_eq!(words.len(), fours.len() + usize::from(!met) + usize::from(picks.len() == 1));
        let found = check(&quote, &facts(&quote), &limits());
        prop_assert_eq!(found.cautions.iter().any(|c| matches!(c, Caution::Fit { .. })), !met);
    }

    /// Nothing that is taken away from the purse or the permission makes an obstacle go.
    #[test]
    fn less_allows_no_more(picks in any_picks(), fee in 1u32..200_000, balance in 0u32..200_000, ceiling in 0u32..9000, by in 1u32..5000) {
        let quote = frozen(&picks);
        let stopped = |fee: u32, balance: u32, ceiling: u32| -> Vec<&'static str> {
            let (mut facts, mut limits) = (facts(&quote), limits());
            facts.fee.amount = amount(&fee.to_string(), "uakt");
            facts.balance = amount(&balance.to_string(), "uakt");
            limits.max_price = Some(amount(&ceiling.to_string(), "uact"));
            limits.max_usd_per_hour = Some(Decimal::from(ceiling) / Decimal::from(1000));
            check(&quote, &facts, &limits).obstacles.iter().map(Obstacle::code).collect()
        };
        let before = stopped(fee, balance, ceiling);
        let after = stopped(fee + by, balance.saturating_sub(by), ceiling.saturating_sub(by));
        prop_assert!(before.iter().all(|code| after.contains(code)), "{:?} {:?}", before, after);
        prop_assert_eq!(before.contains(&"over_max_fee"), fee > 100_000);
        prop_assert_eq!(before.contains(&"balance_below_fee"), balance < fee);
        let price = quote.price();
        let within = price.is_some_and(|price| price.denom == Denom::Uact && price.value <= Decimal::from(ceiling));
        prop_assert_eq!(before.contains(&"over_max_price"), !within);
    }

    #[test]
    fn a_bid_read_at_another_price_never_passes(picks in any_picks(), which in any::<prop::sample::Index>(), by in -999_999_999i64..999_999_999) {
        prop_assume!(by != 0);
        let quote = frozen(&picks);
        let mut now = facts(&quote);
        let n = which.index(now.reread.picks.len());
        let price = &mut now.reread.picks[n].price;
        *price = price.plus(&Amount { value: Decimal::new(by, 18), denom: price.denom.clone() }).unwrap();
        let found = check(&quote, &now, &limits()).obstacles;
        prop_assert!(found.iter().any(|obstacle| matches!(obstacle, Obstacle::Changed(_))));
    }
}

//! The machine by hand: what it asks, in which order, and what it never does.

use std::time::Duration;

use akbids::lease::outcome::{Attempt, Difference, End, Leased, Price, Quoted, Verdict, expected_sequence};
use akbids::lease::send::{Next, Posted, Seen, Stage, State, step, timeout_height};
use akbids::lease::tx::{LeaseId, Signed};
use akbids::lease::witness::{Answer, Included, Question};

pub fn attempt() -> Attempt {
    let id = LeaseId {
        owner: "akash1owner".to_owned(),
        dseq: 9,
        gseq: 1,
        oseq: 1,
        provider: "akash1provider".to_owned(),
        bseq: 0,
    };
    Attempt {
        chain_id: "model".to_owned(),
        account: "akash1owner".to_owned(),
        sequence: 7,
        signed_height: 100,
        timeout_height: 120,
        leases: vec![Quoted { id, price: price("1213.285682") }],
        tx: Signed::new(b"the very bytes".to_vec()),
    }
}

pub fn price(amount: &str) -> Price {
    Price::parse("uact", amount).unwrap()
}

fn lease(amount: &str) -> Leased {
    Leased { id: attempt().leases.remove(0).id, price: price(amount), active: true }
}

fn account(height: u64, sequence: u64) -> Seen {
    Seen::Answered(Answer::Account { height: Some(height), sequence })
}

fn listed(height: u64, leases: Vec<Leased>) -> Seen {
    Seen::Answered(Answer::Leases { height: Some(height), leases })
}

fn found(height: u64, codespace: &str, code: u32) -> Seen {
    let verdict = Verdict::new(codespace, code, "");
    Seen::Answered(Answer::Included(Some(Included { hash: attempt().tx.hash, height, verdict })))
}

fn checked(codespace: &str, code: u32, text: &str) -> Seen {
    Seen::Posted(Posted::Answered(Verdict::new(codespace, code, text)))
}

fn ask(endpoint: usize, question: Question) -> Next {
    Next::Ask { endpoint, question }
}

fn post(endpoint: usize) -> Next {
    Next::Post { endpoint }
}

/// Runs a script: what is expected next, and what is then reported.
fn play(mut state: State, script: Vec<(Next, Seen)>) -> State {
    for (place, (expected, seen)) in script.into_iter().enumerate() {
        assert_eq!(state.next(), expected, "step {place}");
        state = step(&attempt(), state, seen).0;
    }
    state
}

#[test]
fn all_goes_well_in_eleven_steps() {
    use Question::{Account, ByHash, Leases};
    let state = play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(100, 7)),
            (Next::Pause, Seen::Paused),
            (ask(1, Account), account(101, 8)),
            (ask(1, ByHash), found(101, "", 0)),
            (ask(1, Leases), listed(101, vec![lease("1213.285682")])),
            (ask(0, Account), account(101, 8)),
            (ask(0, ByHash), found(101, "", 0)),
            (ask(0, Leases), listed(101, vec![lease("1213.285682000000000000")])),
        ],
    );
    let Next::End(end) = state.next() else { panic!("{state:?}") };
    assert!(matches!(end, End::Done { height: Some(101), .. }));
    assert_eq!(
        end.to_string(),
        "leased in block 101: group 1 to akash1provider at 1213.285682 uact a block, as quoted"
    );
    assert_eq!(state.stage(), Stage::Ended(end));
}

#[test]
fn one_endpoint_is_enough_where_there_is_one() {
    use Question::{Account, ByHash, BySequence, Leases};
    let state = play(
        State::signed(1),
        vec![
            (Next::Write, Seen::Written),
            (post(0), Seen::Posted(Posted::Unknown)),
            (ask(0, Account), account(105, 8)),
            (ask(0, ByHash), found(103, "sdk", 11)),
            (ask(0, BySequence), found(103, "sdk", 11)),
            (ask(0, Leases), listed(105, vec![])),
        ],
    );
    let Next::End(end) = state.next() else { panic!("{state:?}") };
    assert!(matches!(&end, End::Failed { height: 103, verdict: Some(verdict) } if verdict.code == 11));
    assert!(end.to_string().contains("out of gas") && end.to_string().contains("--gas-adjustment"), "{end}");
}

#[test]
fn a_hash_with_a_code_is_no_end_while_the_sequence_is_unspent() {
    use Question::{Account, ByHash, Leases};
    // As recorded: code 30 in a block, the sequence not spent.
    let state = play(
        State::signed(1),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(119, 7)),
            (Next::Pause, Seen::Paused),
            (ask(0, Account), account(121, 7)),
            (ask(0, ByHash), found(121, "sdk", 30)),
            (ask(0, Leases), listed(121, vec![])),
        ],
    );
    let Next::End(end) = state.next() else { panic!("{state:?}") };
    assert!(matches!(end, End::Expired { timeout_height: 120, verdict: Some(_) }), "{end}");
    assert!(end.to_string().starts_with("not included by block 120, and it no longer can be"), "{end}");
}

#[test]
fn refused_connections_and_busy_nodes_go_round_until_one_takes_it() {
    use Question::Account;
    let lags = "account sequence mismatch, expected 6, got 7: incorrect account sequence";
    let state = play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), Seen::Posted(Posted::NotSent)),
            (post(1), checked("sdk", 20, "mempool is full")),
            (ask(0, Account), Seen::Answered(Answer::Nothing)),
            (ask(1, Account), account(100, 6)),
            (Next::Pause, Seen::Paused),
            (post(0), checked("sdk", 32, lags)),
            (post(1), Seen::Posted(Posted::NotSent)),
            (ask(0, Account), account(100, 6)),
            (Next::Pause, Seen::Paused),
            (post(0), checked("sdk", 19, "")),
            (ask(1, Account), account(101, 7)),
        ],
    );
    assert_eq!(state.stage(), Stage::Pending { height: 101 });
}

#[test]
fn it_is_rejected_only_when_everyone_who_answers_says_no_and_nobody_may_have_it() {
    let no = || checked("sdk", 13, "insufficient fees; got: 1uakt required: 750uakt");
    let state = play(
        State::signed(3),
        vec![(Next::Write, Seen::Written), (post(0), no()), (post(1), Seen::Posted(Posted::NotSent)), (post(2), no())],
    );
    let Next::End(end) = state.next() else { panic!("{state:?}") };
    assert!(matches!(&end, End::Rejected { .. }) && end.to_string().contains("--gas-prices"), "{end}");

    // One lost answer, and no is no longer the whole truth.
    let state = play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), no()),
            (post(1), Seen::Posted(Posted::Unknown)),
            (ask(0, Question::Account), account(100, 7)),
        ],
    );
    assert!(matches!(state.stage(), Stage::Unknown { height: 100 }), "{:?}", state.stage());
    assert!(state.stage().to_string().starts_with("sent, outcome unknown"));
    assert_eq!(state.abandoned(), None, "it may have been sent");
}

#[test]
fn giving_up_is_an_end_only_while_nothing_left() {
    let state = State::signed(1);
    assert_eq!(state.abandoned(), Some(End::NotSent));
    let state = play(state, vec![(Next::Write, Seen::Written)]);
    assert_eq!(state.abandoned(), None, "a broadcast is on its way");
    let state = play(state, vec![(post(0), Seen::Posted(Posted::NotSent))]);
    assert_eq!(state.abandoned(), Some(End::NotSent));
    assert!(matches!(state.stage(), Stage::NotTaken { why: None }));
    assert_eq!(State::resumed(1).stage(), Stage::Unknown { height: 0 });
    assert_eq!(State::resumed(1).abandoned(), None, "an earlier process may have sent it");
    let state = play(State::signed(1), vec![(Next::Write, Seen::NotWritten)]);
    assert_eq!(state.next(), Next::End(End::NotSent), "no journal, no money");
}

#[test]
fn the_same_bytes_go_out_again_every_five_pauses_and_never_after_a_restart() {
    let watch = |state: State, rounds: u64| {
        let (mut state, mut posts, mut pauses) = (state, 0, 0);
        while pauses < rounds {
            let seen = match state.next() {
                Next::Write => Seen::Written,
                Next::Post { .. } => {
                    posts += 1;
                    Seen::Posted(Posted::Unknown)
                }
                Next::Ask { .. } => account(100, 7),
                Next::Pause => {
                    pauses += 1;
                    Seen::Paused
                }
                Next::End(end) => panic!("{end}"),
            };
            state = step(&attempt(), state, seen).0;
        }
        posts
    };
    assert_eq!(watch(State::signed(2), 16), 1 + 3);
    assert_eq!(watch(State::resumed(2), 16), 0);
}

#[test]
fn another_price_is_said_loudly_whoever_of_two_sees_it() {
    use Question::{Account, ByHash, Leases};
    let state = play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(101, 8)),
            (ask(0, ByHash), found(101, "", 0)),
            (ask(0, Leases), listed(101, vec![lease("1213.285682")])),
            (ask(1, Account), account(102, 8)),
            (ask(1, ByHash), found(101, "", 0)),
            (ask(1, Leases), listed(102, vec![lease("1213.285682000000000001")])),
        ],
    );
    let Next::End(End::DoneButDiffers { differences, .. }) = state.next() else { panic!("{state:?}") };
    assert_eq!(
        differences,
        [Difference::Price { gseq: 1, quoted: price("1213.285682"), leased: price("1213.285682000000000001") }]
    );
    assert!(state.stage().to_string().contains("BUT NOT AS QUOTED"), "{}", state.stage());
}

#[test]
fn contradiction_is_shown_and_ends_nothing() {
    use Question::{Account, ByHash, Leases};
    let state = play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(101, 8)),
            (ask(0, ByHash), found(101, "", 0)),
            (ask(0, Leases), listed(101, vec![lease("1213.285682")])),
        ],
    );
    assert_eq!(state.stage(), Stage::Included { leased: true, height: 101 });
    let mut state = play(state, vec![(ask(1, Account), account(105, 7)), (Next::Pause, Seen::Paused)]);
    assert_eq!(state.stage(), Stage::Disputed);
    // However often each repeats it.
    for _ in 0..100 {
        let seen = match state.next() {
            Next::Ask { endpoint: 0, question: Account } => account(106, 8),
            Next::Ask { endpoint: 0, question: ByHash } => found(101, "", 0),
            Next::Ask { endpoint: 0, question: Leases } => listed(106, vec![lease("1213.285682")]),
            Next::Ask { .. } => account(106, 7),
            Next::Pause => Seen::Paused,
            other => panic!("{other:?}"),
        };
        state = step(&attempt(), state, seen).0;
    }
    assert_eq!(state.stage(), Stage::Disputed);
}

#[test]
fn without_an_index_the_blocks_tell() {
    use Question::{Account, Block, ByHash, BySequence, Leases};
    let nothing = || Seen::Answered(Answer::Nothing);
    let block = |hashes: &[&str]| Seen::Answered(Answer::Block(hashes.iter().map(|hash| (*hash).to_owned()).collect()));
    let hash = attempt().tx.hash;
    let seen_before = || {
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(102, 7)),
            (Next::Pause, Seen::Paused),
            (ask(0, Account), account(105, 8)),
            (ask(0, ByHash), nothing()),
            (ask(0, BySequence), nothing()),
            // 102 was looked at already.
            (ask(0, Block(103)), block(&["A", "B"])),
        ]
    };
    let mut script = seen_before();
    script.push((ask(0, Block(104)), block(&["C", &hash])));
    script.push((ask(0, Leases), listed(105, vec![])));
    let state = play(State::signed(1), script);
    assert_eq!(state.next(), Next::End(End::Failed { height: 104, verdict: None }));

    let mut script = seen_before();
    script.push((ask(0, Block(104)), block(&[])));
    script.push((ask(0, Block(105)), block(&["D"])));
    script.push((ask(0, Leases), listed(105, vec![])));
    let state = play(State::signed(1), script);
    assert_eq!(state.next(), Next::End(End::Superseded { by: None }));

    let mut script = seen_before();
    script.push((ask(0, Block(104)), nothing()));
    script.push((ask(0, Leases), listed(104, vec![])));
    let state = play(State::signed(1), script);
    assert_eq!(state.next(), Next::Pause, "a list older than the account's answer proves nothing");
}

#[test]
fn what_does_not_belong_to_the_step_changes_nothing() {
    let state = State::signed(1);
    for seen in [Seen::Paused, account(500, 99), checked("", 0, ""), listed(500, vec![])] {
        let (after, next) = step(&attempt(), state.clone(), seen);
        assert_eq!((after, next), (state.clone(), Next::Write));
    }
}

#[test]
fn the_last_block_is_twenty_blocks_or_two_minutes_away() {
    assert_eq!(timeout_height(1000, Duration::from_millis(5938)), 1021);
    assert_eq!(timeout_height(1000, Duration::from_secs(6)), 1020);
    assert_eq!(timeout_height(1000, Duration::from_millis(6001)), 1020);
    assert_eq!(timeout_height(1000, Duration::from_millis(1005)), 1120);
    assert_eq!(timeout_height(1000, Duration::from_secs(60)), 1020);
    assert!(timeout_height(u64::MAX - 5, Duration::ZERO) == u64::MAX);
}

#[test]
fn prices_are_integers() {
    assert_eq!(price("1213.285682"), price("1213.285682000000000000"));
    assert_ne!(price("1213.285682"), price("1213.285682000000000001"));
    assert_ne!(Price::parse("uact", "1"), Price::parse("uakt", "1"));
    for (written, read) in [("0", "0"), ("0.5", "0.5"), ("100", "100"), ("1.", "1"), ("00.10", "0.1")] {
        assert_eq!(price(written).amount(), read);
    }
    for wrong in ["", ".5", "-1", "+1", "1e3", "1,5", "1.0000000000000000001", "0x1", "340282366920938463464", "1 "] {
        assert_eq!(Price::parse("uact", wrong), None, "{wrong}");
    }
    assert_eq!(price("340282366920938463463.374607431768211455").amount(), "340282366920938463463.374607431768211455");
}

#[test]
fn what_a_node_says_is_one_clean_line() {
    let stack = "recovered: invalid coin denominations; uact, uakt\nstack:\ngoroutine 110 [running]:";
    let verdict = Verdict::new("undefined", 111_222, stack);
    assert_eq!(verdict.to_string(), "recovered: invalid coin denominations; uact, uakt (undefined 111222)");
    let raw = Verdict::new("\u{1b}[2J", 38, "\u{66a}\u{f}\u{fffd} does not allow \u{202e}\u{1b}]52;c;");
    assert!(raw.to_string().chars().all(akbids::domain::text::plain), "{raw}");
    let recorded = "account sequence mismatch, expected 3, got 77: incorrect account sequence";
    assert_eq!(expected_sequence(recorded), Some(3));
    let simulated = "account sequence mismatch, expected 19, got 18: incorrect account sequence [github.com/cosmos/cosmos-sdk/x/auth/ante/sigverify.go:364] with gas used: '32405'";
    assert_eq!(expected_sequence(simulated), Some(19));
    assert_eq!(expected_sequence("bid not open"), None);
}

/// Two endpoints; the first says that the lease was made in block 110.
fn one_says_leased() -> State {
    use Question::{Account, ByHash, Leases};
    play(
        State::signed(2),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(110, 8)),
            (ask(0, ByHash), found(110, "", 0)),
            (ask(0, Leases), listed(110, vec![lease("1213.285682")])),
        ],
    )
}

/// Goes on with what the first and the second endpoint answer to every question about the account, for some pauses.
fn go_on(mut state: State, pauses: u64, first: impl Fn(u64) -> Seen, second: impl Fn(u64) -> Seen) -> State {
    let mut passed = 0;
    while passed < pauses {
        let seen = match state.next() {
            Next::Ask { endpoint: 0, .. } => first(passed),
            Next::Ask { .. } => second(passed),
            Next::Pause => {
                passed += 1;
                Seen::Paused
            }
            _ => return state,
        };
        state = step(&attempt(), state, seen).0;
    }
    state
}

fn silence(_: u64) -> Seen {
    Seen::Answered(Answer::Nothing)
}

#[test]
fn a_second_endpoint_that_is_gone_or_stands_still_is_waited_for_a_while_only() {
    let state = go_on(one_says_leased(), 2, silence, silence);
    assert_eq!(state.stage(), Stage::Included { leased: true, height: 110 });
    let state = go_on(state, 4, silence, silence);
    assert!(matches!(state.next(), Next::End(End::Done { .. })), "{state:?}");

    let stands_still = |_| account(105, 7);
    let state = go_on(one_says_leased(), 4, silence, stands_still);
    assert_eq!(state.stage(), Stage::Included { leased: true, height: 110 });
    let state = go_on(state, 6, silence, stands_still);
    assert!(matches!(state.next(), Next::End(End::Done { .. })), "{state:?}");
}

#[test]
fn one_that_comes_nearer_is_waited_for_however_long() {
    let comes_nearer = |passed: u64| match passed {
        0..10 => account(100 + passed, 7),
        _ => account(110, 7),
    };
    let state = go_on(one_says_leased(), 30, silence, comes_nearer);
    assert_eq!(state.stage(), Stage::Disputed, "having come there it says otherwise");
}

#[test]
fn a_word_given_counts_though_its_endpoint_is_gone() {
    use Question::{Account, ByHash, Leases};
    let state = go_on(one_says_leased(), 12, silence, |passed| account(105 + passed, 7));
    assert_eq!(state.stage(), Stage::Disputed);
    let mut state = go_on(state, 4, silence, |passed| account(117 + passed.min(2), 7));
    // The second alone says that it expired: that is one word against one.
    for _ in 0..20 {
        let seen = match state.next() {
            Next::Ask { endpoint: 1, question: Account } => account(125, 7),
            Next::Ask { endpoint: 1, question: ByHash } => Seen::Answered(Answer::Included(None)),
            Next::Ask { endpoint: 1, question: Leases } => listed(125, vec![]),
            Next::Ask { .. } => silence(0),
            Next::Pause => Seen::Paused,
            other => panic!("{other:?}"),
        };
        state = step(&attempt(), state, seen).0;
    }
    assert_eq!(state.stage(), Stage::Disputed);
}

#[test]
fn a_sequence_in_use_is_no_refusal_but_a_reason_to_look() {
    let text = "account sequence mismatch, expected 8, got 7: incorrect account sequence";
    let state = play(
        State::signed(1),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("sdk", 32, text)),
            (ask(0, Question::Account), account(100, 7)),
        ],
    );
    assert_eq!(state.stage(), Stage::Unknown { height: 100 });
}

#[test]
fn what_came_too_late_or_out_of_turn_did_not_use_the_sequence() {
    use Question::{Account, Block, ByHash, BySequence};
    // The same bytes may have been in an earlier block as well; the index shows the last.
    for code in [30, 32] {
        play(
            State::signed(1),
            vec![
                (Next::Write, Seen::Written),
                (post(0), checked("", 0, "")),
                (ask(0, Account), account(102, 8)),
                (ask(0, ByHash), found(102, "sdk", code)),
                (ask(0, BySequence), Seen::Answered(Answer::Nothing)),
                (ask(0, Block(101)), Seen::Answered(Answer::Nothing)),
            ],
        );
    }
}

#[test]
fn what_does_not_hold_together_is_no_word() {
    use Question::{Account, ByHash, Leases};
    // A success in a block, and no lease of it.
    let mut script = vec![
        (Next::Write, Seen::Written),
        (post(0), checked("", 0, "")),
        (ask(0, Account), account(110, 8)),
        (ask(0, ByHash), found(110, "", 0)),
        (ask(0, Leases), listed(115, vec![])),
    ];
    assert_eq!(play(State::signed(1), script.clone()).next(), Next::Pause);
    // A success that used no sequence.
    script.truncate(2);
    script.push((ask(0, Account), account(121, 7)));
    script.push((ask(0, ByHash), found(110, "", 0)));
    assert_eq!(play(State::signed(1), script).next(), Next::Pause);
}

/// The first endpoint knows what happened, the second one only that it is over.
fn two_say_dead(of_first: Vec<Leased>, of_second: Vec<Leased>, index: bool) -> End {
    use Question::{Account, Block, ByHash, BySequence, Leases};
    let known = || found(103, "market", 12);
    let second = |known: Seen| if index { known } else { silence(0) };
    let mut script = vec![
        (Next::Write, Seen::Written),
        (post(0), checked("", 0, "")),
        (ask(0, Account), account(103, 8)),
        (ask(0, ByHash), known()),
        (ask(0, BySequence), known()),
        (ask(0, Leases), listed(103, of_first)),
        (ask(1, Account), account(103, 8)),
        (ask(1, ByHash), second(known())),
        (ask(1, BySequence), second(known())),
    ];
    if !index {
        script.push((ask(1, Block(101)), silence(0)));
    }
    script.push((ask(1, Leases), listed(103, of_second)));
    match play(State::signed(2), script).next() {
        Next::End(end) => end,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reason_is_said_that_two_vouch_for() {
    assert!(matches!(two_say_dead(vec![], vec![], true), End::Failed { verdict: Some(_), .. }));
    assert_eq!(two_say_dead(vec![], vec![], false), End::NoLease);
}

#[test]
fn who_has_the_order_is_said_when_two_say_it_and_it_runs() {
    let mut theirs = lease("900");
    theirs.id.provider = "akash1other".to_owned();
    let end = two_say_dead(vec![theirs.clone()], vec![theirs.clone()], true);
    assert!(matches!(&end, End::LeasedByOther { leases, verdict: Some(_) } if *leases == [theirs.clone()]), "{end}");
    assert_eq!(
        end.to_string(),
        "the order went elsewhere: group 1 to akash1other at 900 uact a block; ours failed: the bid is no longer open (market 12)"
    );
    for (first, second) in [(vec![theirs.clone()], vec![]), (vec![], vec![theirs.clone()])] {
        assert!(matches!(two_say_dead(first, second, true), End::Failed { .. }));
    }
    theirs.active = false;
    let end = two_say_dead(vec![theirs.clone()], vec![theirs], true);
    assert!(matches!(end, End::Failed { .. }), "it is open again: {end}");
}

#[test]
fn a_lease_that_is_closed_already_is_not_as_agreed() {
    use Question::{Account, ByHash, Leases};
    let closed = Leased { active: false, ..lease("1213.285682") };
    let state = play(
        State::signed(1),
        vec![
            (Next::Write, Seen::Written),
            (post(0), checked("", 0, "")),
            (ask(0, Account), account(110, 8)),
            (ask(0, ByHash), found(103, "", 0)),
            (ask(0, Leases), listed(110, vec![closed])),
        ],
    );
    let Next::End(end) = state.next() else { panic!("{state:?}") };
    assert!(end.is_leased() && end.to_string().contains("is closed already"), "{end}");
}

#[test]
fn an_endpoint_that_comes_back_counts_again() {
    // Silent twice, then an answer, again and again: never out.
    let flaky = |passed: u64| {
        if passed % 3 == 2 { account(100, 7) } else { silence(0) }
    };
    let state = play(State::signed(2), vec![(Next::Write, Seen::Written), (post(0), checked("", 0, ""))]);
    let mut state = go_on_posting(state, 30, flaky);
    // The first now says that it was made: the word of the second is wanted as well.
    let mut first_asked = 0;
    while first_asked < 3 {
        use Question::{Account, ByHash, Leases};
        let seen = match state.next() {
            Next::Ask { endpoint: 0, question: Account } => account(110, 8),
            Next::Ask { endpoint: 0, question: ByHash } => found(110, "", 0),
            Next::Ask { endpoint: 0, question: Leases } => listed(110, vec![lease("1213.285682")]),
            other => panic!("{other:?}"),
        };
        state = step(&attempt(), state, seen).0;
        first_asked += 1;
    }
    assert_eq!(state.stage(), Stage::Included { leased: true, height: 110 });
}

/// Lets time pass; the first endpoint sees nothing happen. Ends when the first is to be asked about the account.
fn go_on_posting(mut state: State, pauses: u64, second: impl Fn(u64) -> Seen) -> State {
    let (mut passed, mut asked) = (0, 0);
    loop {
        let seen = match state.next() {
            Next::Post { .. } => Seen::Posted(Posted::Unknown),
            Next::Ask { endpoint: 0, .. } if passed >= pauses => return state,
            Next::Ask { endpoint: 0, .. } => account(100, 7),
            Next::Ask { .. } => {
                asked += 1;
                second(asked - 1)
            }
            Next::Pause => {
                passed += 1;
                Seen::Paused
            }
            other => panic!("{other:?}"),
        };
        state = step(&attempt(), state, seen).0;
    }
}

#[test]
fn one_that_is_out_is_asked_now_and_then() {
    let asked = std::cell::Cell::new(0);
    let state = play(State::signed(2), vec![(Next::Write, Seen::Written), (post(0), checked("", 0, ""))]);
    go_on_posting(state, 80, |times| {
        asked.set(times + 1);
        silence(0)
    });
    assert!((5..20).contains(&asked.get()), "{}", asked.get());
}

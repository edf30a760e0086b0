//! Money against exact rational numbers.

use akbids::domain::money::{
    Amount, AmountError, BlockTime, BlockTimeSource, Denom, Per, Rate, Rates, USDC_MAINNET, USDC_SANDBOX, four_digits,
    parse_decimal, six_decimals,
};
use akbids::domain::text::Clean;
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Largest mantissa of a `Decimal`: 96 bits.
const LARGEST: i128 = (1 << 96) - 1;

fn ten(power: u32) -> BigInt {
    BigInt::from(10u8).pow(power)
}

fn exact(value: Decimal) -> BigRational {
    BigRational::new(value.mantissa().into(), ten(value.scale()))
}

fn read(text: &str) -> BigRational {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    BigRational::new(digits, ten(u32::try_from(fraction.len()).unwrap()))
}

/// Half-even to `decimals` places, as text with all of them; negative places round before the point.
fn half_even(value: &BigRational, decimals: i32) -> String {
    let shift = BigRational::from(ten(decimals.unsigned_abs()));
    let scaled = if decimals < 0 { value / &shift } else { value * &shift };
    let half = BigRational::new(1.into(), 2.into());
    let floor = scaled.floor();
    let rest = &scaled - &floor;
    let odd = floor.to_integer() % 2 != BigInt::from(0);
    let mut rounded = floor.to_integer();
    if rest > half || (rest == half && odd) {
        rounded += 1;
    }
    if decimals <= 0 {
        return (rounded * ten(decimals.unsigned_abs())).to_string();
    }
    let places = usize::try_from(decimals).unwrap();
    let digits = format!("{:0>width$}", rounded.magnitude().to_string(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let minus = if rounded.sign() == num_bigint::Sign::Minus { "-" } else { "" };
    format!("{minus}{whole}.{fraction}")
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let mantissa = prop_oneof![
        0..=1_000_000i128,
        0..=LARGEST,
        (0..=28u32, 1..=99i128).prop_map(|(e, m)| m * 10i128.pow(e.min(26)))
    ];
    (mantissa, 0..=28u32, any::<bool>())
        .prop_map(|(m, scale, minus)| Decimal::from_i128_with_scale(if minus { -m } else { m }, scale))
}

/// What a chain writes: up to 18 decimals.
fn amount() -> impl Strategy<Value = Decimal> {
    (0..=10_000_000_000_000_000_000_000_000i128, 0..=18u32)
        .prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale).normalize())
}

fn uact(value: Decimal) -> Amount {
    Amount { value, denom: Denom::Uact }
}

proptest! {
    #[test]
    fn an_amount_is_read_exactly_or_not_at_all(text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,22})?") {
        let wanted = read(&text);
        match parse_decimal(&text) {
            Ok(value) => {
                prop_assert_eq!(exact(value), wanted);
                prop_assert!(value.scale() <= 18);
                prop_assert!(value.scale() == 0 || value.mantissa() % 10 != 0, "trailing zero in {}", value);
                prop_assert_eq!(parse_decimal(&value.to_string()), Ok(value));
            }
            Err(error) => {
                prop_assert_eq!(error, AmountError::TooLong);
                let kept = text.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
                let mantissa = wanted * BigRational::from(ten(u32::try_from(kept.len()).unwrap()));
                let fits = mantissa.to_integer().magnitude() <= BigInt::from(LARGEST).magnitude();
                prop_assert!(kept.len() > 18 || !fits, "{} would have fitted", text);
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back(value in amount()) {
        let printed = value.to_string();
        let again = Amount::parse(&printed, "uact").unwrap();
        prop_assert_eq!(again.value, value);
        prop_assert_eq!(again.value.to_string(), printed);
    }

    #[test]
    fn anything_else_is_no_number(text in "\\PC{0,12}") {
        let well_formed = {
            let unsigned = text.strip_prefix('-').unwrap_or(&text);
            let parts: Vec<&str> = unsigned.split('.').collect();
            parts.len() <= 2 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
        };
        prop_assert_eq!(parse_decimal(&text).is_ok(), well_formed, "{:?}", text);
    }

    #[test]
    fn sums_and_products_are_exact_or_nothing(a in decimal(), b in decimal(), n in any::<u64>()) {
        let fits = |value: &BigRational| {
            (0..=28u32).any(|scale| {
                let scaled = value * BigRational::from(ten(scale));
                scaled.is_integer() && scaled.to_integer().magnitude() <= BigInt::from(LARGEST).magnitude()
            })
        };
        for (found, wanted) in [
            (uact(a).plus(&uact(b)), exact(a) + exact(b)),
            (uact(a).minus(&uact(b)), exact(a) - exact(b)),
        ] {
            match found {
                Some(sum) => prop_assert_eq!(exact(sum.value), wanted),
                None => prop_assert!(!fits(&wanted), "{} and {} have a sum", a, b),
            }
        }
        let wanted = exact(a) * BigRational::from(BigInt::from(n));
        match uact(a).times(n) {
            Some(product) => prop_assert_eq!(exact(product.value), wanted),
            // 128 bits hold the product before its zeros are dropped.
            None => prop_assert!(!fits(&wanted) || BigInt::from(a.mantissa()).magnitude() * n > BigInt::from(i128::MAX).magnitude().clone()),
        }
    }

    #[test]
    fn attos_are_the_amount_in_10_to_the_minus_18(value in amount()) {
        let wanted = exact(value) * BigRational::from(ten(18));
        match uact(value).attos() {
            Some(attos) => prop_assert_eq!(BigRational::from(BigInt::from(attos)), wanted),
            None => prop_assert!(wanted > BigRational::from(BigInt::from(i128::MAX))),
        }
    }

    #[test]
    fn pegged_coins_are_millionths_of_a_dollar(value in amount()) {
        let wanted = exact(value) / BigRational::from(ten(6));
        for denom in ["uact", USDC_MAINNET, USDC_SANDBOX] {
            let amount = Amount { value, denom: Denom::new(denom) };
            prop_assert_eq!(exact(Rates::default().usd(&amount).unwrap()), wanted.clone());
        }
    }

    #[test]
    fn an_hour_costs_the_blocks_of_an_hour(
        price in 1..=1_000_000_000_000_000_000_000_000i128, scale in 12..=24u32,
        span in 1_000_000_000i128..=30_000_000_000, blocks in 1..=2000u64,
    ) {
        let per_block = Decimal::from_i128_with_scale(price, scale);
        let block = BlockTime::measured(span * i128::from(blocks) + 7, blocks).unwrap();
        let hour = block.per_hour(per_block).unwrap();
        let seconds = BigRational::new((span * i128::from(blocks) + 7).into(), ten(9)) / BigRational::from(BigInt::from(blocks));
        let wanted = exact(per_block) * BigRational::from(BigInt::from(3600)) / seconds;
        let off = { let off = exact(hour) - &wanted; if off < BigRational::from(BigInt::from(0)) { -off } else { off } };
        // 28 decimals are all there are, so what costs less than 10⁻⁸ is held to the last of them.
        let allowed = (wanted / BigRational::from(ten(20))).max(BigRational::new(1.into(), ten(28)));
        prop_assert!(off <= allowed, "{} a block of {:?}: {}", per_block, block, hour);
    }

    #[test]
    fn times_are_cut_to_the_millisecond(span in 1..=u64::MAX / 2, blocks in 1..=5000u64, n in 0..=100_000u64) {
        let block = BlockTime::measured(span.into(), blocks).unwrap();
        let wanted: BigInt = BigInt::from(span) * n / blocks / 1_000_000;
        let millis = block.millis_of(n);
        prop_assert_eq!(BigInt::from(millis), wanted.min(BigInt::from(i64::MAX)));
        prop_assert!(block.blocks_in(millis) <= n);
    }

    #[test]
    fn people_read_four_digits(value in decimal()) {
        let shown = four_digits(value);
        if value.is_zero() {
            prop_assert_eq!(shown, "0.000");
            return Ok(());
        }
        let size = exact(value.abs());
        // The power of ten of the first digit; rounding up may reach the next.
        let mut power = (-28..=29).rev().find(|p| {
            let at = BigRational::from(ten(i32::unsigned_abs(*p)));
            size >= if *p < 0 { at.recip() } else { at }
        }).unwrap();
        let rounded = half_even(&size, 3 - power);
        let reached = BigRational::from(ten((power + 1).unsigned_abs()));
        if read(&rounded) >= if power + 1 < 0 { reached.recip() } else { reached } {
            power += 1;
        }
        // What has fewer than 28 decimals left cannot be rounded to more.
        let wanted = half_even(&size, 3 - power);
        prop_assert_eq!(shown.trim_start_matches('-'), wanted);
        prop_assert_eq!(shown.starts_with('-'), value.is_sign_negative());
    }

    #[test]
    fn scripts_read_six_decimals(value in decimal()) {
        let found = six_decimals(value);
        prop_assert_eq!(exact(found), read(&half_even(&exact(value), 6)));
        prop_assert!(found.scale() <= 6);
        let text = found.to_string();
        prop_assert!(text != "-0" && (!text.contains('.') || !text.ends_with('0')), "{}", text);
    }

    #[test]
    fn units_of_a_price_agree(hourly in 0..=1_000_000_000_000i128) {
        let hourly = Decimal::from_i128_with_scale(hourly, 9);
        let block = BlockTime::ASSUMED;
        let of = |per: Per| exact(per.of_hourly(hourly, block).unwrap());
        let hour = exact(hourly);
        prop_assert_eq!(of(Per::Hour), hour.clone());
        prop_assert_eq!(of(Per::Day), &hour * BigRational::from(BigInt::from(24)));
        prop_assert_eq!(of(Per::Month), &hour * read("730.5"));
        let back = of(Per::Block) * BigRational::from(BigInt::from(600));
        let off = if back > hour { back - &hour } else { &hour - back };
        prop_assert!(off <= BigRational::new(1.into(), ten(20)));
    }
}

#[test]
fn what_a_chain_may_write_and_what_not() {
    for (text, wanted) in [
        ("1432.735519000000000000", "1432.735519"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("-5", "-5"),
        ("100", "100"),
        ("0.50", "0.5"),
        ("0", "0"),
        ("007", "7"),
    ] {
        assert_eq!(parse_decimal(text).unwrap().to_string(), wanted, "{text}");
    }
    for text in ["", "-", ".", "1.", ".5", "+1", "1e5", "1_000", " 1", "1 ", "0x10", "NaN", "1,5", "--1", "1.2.3", "١"]
    {
        assert_eq!(parse_decimal(text), Err(AmountError::NotANumber), "{text:?}");
    }
    for text in ["79228162514264337593543950336", "0.0000000000000000001", "1.1234567890123456789"] {
        assert_eq!(parse_decimal(text), Err(AmountError::TooLong), "{text}");
    }
    assert!(parse_decimal(&"9".repeat(100_000)).is_err());
}

#[test]
fn coins_of_other_names_have_no_dollars() {
    let akt = Amount::parse("368.320765", "uakt").unwrap();
    let foo = Amount::parse("812", "foo").unwrap();
    assert_eq!(Rates::default().usd(&akt), None);
    let rate = Rate { usd: parse_decimal("0.8125").unwrap(), source: Clean::new("test"), at_ms: None };
    let rates = Rates { akt: Some(rate) };
    assert_eq!(rates.usd(&akt).unwrap().to_string(), "0.0002992606215625");
    assert_eq!(rates.usd(&foo), None);
    assert_eq!(akt.plus(&foo), None, "coins of two kinds have no sum");
    assert_eq!(foo.minus(&akt), None);
}

#[test]
fn a_clock_that_stands_or_jumps_back_measures_nothing() {
    assert_eq!(BlockTime::measured(0, 10), None);
    assert_eq!(BlockTime::measured(-5_000_000_000, 10), None);
    assert_eq!(BlockTime::measured(5_000_000_000, 0), None);
    let block = BlockTime::measured(11_876_000_000_000, 2000).unwrap();
    assert_eq!(block.source, BlockTimeSource::Measured);
    assert_eq!(block.seconds().to_string(), "5.938");
    assert_eq!(block.blocks_in(-1), 0);
}

#[test]
fn figures_of_the_drawings() {
    let digits = |text: &str| four_digits(text.parse().unwrap());
    for (value, wanted) in [
        ("0.735572", "0.7356"),
        ("17.65349", "17.65"),
        ("537", "537.0"),
        ("2326.320614", "2326"),
        ("12384.9", "12380"),
        ("0.05", "0.05000"),
        ("0.012345", "0.01234"),
        ("0.012355", "0.01236"),
        ("0.99996", "1.000"),
        ("9.9995", "10.00"),
        ("9999.5", "10000"),
        ("1", "1.000"),
        ("-0.5", "-0.5000"),
        ("0", "0.000"),
        ("0.0000000000000000000000000001", "0.0000000000000000000000000001000"),
    ] {
        assert_eq!(digits(value), wanted, "{value}");
    }
    for (value, wanted) in [("0.0000005", "0"), ("0.0000015", "0.000002"), ("0.0000025", "0.000002"), ("-1.50", "-1.5")]
    {
        assert_eq!(six_decimals(value.parse().unwrap()).to_string(), wanted, "{value}");
    }
    // One A100 on the real node: 1213.285682 uact a block of 5.938 s.
    let price = Amount::parse("1213.285682", "uact").unwrap();
    let block = BlockTime::measured(11_876_000_000_000, 2000).unwrap();
    let hour = block.per_hour(Rates::default().usd(&price).unwrap()).unwrap();
    assert_eq!(six_decimals(hour).to_string(), "0.735572");
}

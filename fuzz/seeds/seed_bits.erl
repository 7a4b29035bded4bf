%% A seed for the fuzz target `exec`: bit syntax.
-module(seed_bits).
-export([parse/1, ints/1, utf/1, build/2, comp/1, skip/1, floats/1, tail/2]).
parse(<<A, B:16/little, C:3, D:5, Rest/binary>>) -> {A, B, C, D, byte_size(Rest), parse(Rest)};
parse(<<A:4, B/bits>>) -> {A, B};
parse(<<>>) -> done;
parse(X) -> {other, X}.
ints(<<X:8/signed, Y:32/big, Z:64/little-signed, R/bits>>) -> [X, Y, Z | ints(R)];
ints(<<N:8, X:N/bits, R/bits>>) -> [X | ints(R)];
ints(<<"lit", R/binary>>) -> ints(R);
ints(R) -> [R].
utf(<<C/utf8, R/binary>>) -> [C | utf(R)];
utf(<<C/utf16, _/binary>>) -> C;
utf(B) when is_binary(B) -> byte_size(B);
utf(X) -> <<(catch X)/utf8>>.
build(A, B) when is_integer(A) ->
    X = <<A:13, 7, "text", A/signed>>, Y = <<X/bits, A:32/little, 1:3>>,
    Z = if is_binary(B) -> <<B/binary, Y/bits>>; true -> <<Y/bits, A:64>> end,
    {Z, bit_size(Z), <<A/utf8>>};
build(A, B) -> catch <<(A)/float, (B):16>>.
comp(L) when is_list(L) -> B = << <<E:12>> || E <- L, is_integer(E) >>, [X || <<X:6>> <= B];
comp(B) when is_bitstring(B) -> << <<(X bxor 3)>> || <<X>> <= B, X > 40 >>;
comp(N) -> comp([N, N + 1]).
skip(<<_:3, R/bits>>) when bit_size(R) > 20 -> skip(R);
skip(<<S:2, _:S/unit:3, R/bits>>) -> {S, R};
skip(R) -> R.
floats(<<F/float, R/binary>>) -> [F | floats(R)];
floats(<<F:32/float-little, _/binary>>) -> F;
floats(_) -> [].
tail(<<N, B/binary>>, A) when N rem 2 =:= 0 -> tail(B, [N | A]);
tail(<<_, B/binary>>, A) -> tail(B, A);
tail(<<>>, A) -> A;
tail(X, A) -> [X | A].

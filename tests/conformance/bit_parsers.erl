%% Real formats over bit syntax: IPv4 headers, UTF-8 by hand, run-length, base64 by hand, varints, a small ELF-like table, CRC by table.
-module(bit_parsers).
-export([main/0]).

main() ->
    P = <<4:4, 5:4, 0:8, 40:16, 16#1c46:16, 2:3, 0:13, 64:8, 6:8, 0:16, 172, 16, 10, 99, 172, 16, 10, 12, "payload payload pay!">>,
    io:format("~p~n", [ip(P)]),
    io:format("~p~n", [ip(<<6:4, 0:156>>)]),
    io:format("~w~n", [checksum(binary:part(P, 0, 20))]),
    io:format("~w~n", [utf8(<<"aå€"/utf8, 240, 159, 152, 128, 255>>)]),
    io:format("~w~n", [rle(<<"aaabbbbbcdddd">>)]),
    io:format("~p~n", [unrle(rle(<<"aaabbbbbcdddd">>))]),
    io:format("~p~n", [b64(<<"Many hands make light work.">>)]),
    io:format("~w~n", [[varint(N) || N <- [0, 1, 127, 128, 300, 1 bsl 32, (1 bsl 70) - 1]]]),
    io:format("~w~n", [[element(1, unvarint(varint(N), 0, 0)) =:= N || N <- [0, 1, 127, 128, 300, 1 bsl 32, (1 bsl 70) - 1]]]),
    io:format("~w~n", [crc(<<"123456789">>) =:= erlang:crc32(<<"123456789">>)]),
    io:format("~p~n", [records(table([{1, "one"}, {2, "two"}, {300, "three hundred"}]))]),
    io:format("~p~n", [json(<<"{\"a\": [1, 2.5, -3e2, true, null], \"b\": {\"c\": \"x\\ny\"}}">>)]),
    io:format("~w~n", [huffman(<<"abracadabra">>)]),
    io:format("~w~n", [bits_of(<<16#abcd:16>>)]),
    io:format("~w~n", [dns(<<3, "www", 7, "example", 3, "com", 0, 1, 2>>)]),
    io:format("~w~n", [rgb565(<<255, 128, 0, 10, 20, 30>>)]),
    ok.

ip(<<4:4, HLen:4, _Tos:8, Len:16, Id:16, Flags:3, Frag:13, Ttl:8, Proto:8, _Sum:16, Src:4/binary, Dst:4/binary, Rest/binary>>) when HLen >= 5 ->
    OptLen = (HLen - 5) * 4, Data = Len - HLen * 4,
    <<Opts:OptLen/binary, Payload:Data/binary, _/binary>> = Rest,
    {ipv4, Id, Flags, Frag, Ttl, Proto, binary_to_list(Src), binary_to_list(Dst), Opts, Payload};
ip(<<V:4, _/bits>>) -> {version, V}.

checksum(B) -> S = sum16(B, 0), bnot fold(S) band 16#ffff.
sum16(<<X:16, R/binary>>, S) -> sum16(R, S + X);
sum16(<<X:8>>, S) -> S + (X bsl 8);
sum16(<<>>, S) -> S.
fold(S) when S > 16#ffff -> fold((S band 16#ffff) + (S bsr 16));
fold(S) -> S.

utf8(<<0:1, A:7, R/binary>>) -> [A | utf8(R)];
utf8(<<2#110:3, A:5, 2#10:2, B:6, R/binary>>) -> [(A bsl 6) bor B | utf8(R)];
utf8(<<2#1110:4, A:4, 2#10:2, B:6, 2#10:2, C:6, R/binary>>) -> <<X:16>> = <<A:4, B:6, C:6>>, [X | utf8(R)];
utf8(<<2#11110:5, A:3, 2#10:2, B:6, 2#10:2, C:6, 2#10:2, D:6, R/binary>>) -> <<X:21>> = <<A:3, B:6, C:6, D:6>>, [X | utf8(R)];
utf8(<<Bad, R/binary>>) -> [{bad, Bad} | utf8(R)];
utf8(<<>>) -> [].

rle(<<C, R/binary>>) -> rle(R, C, 1);
rle(<<>>) -> <<>>.
rle(<<C, R/binary>>, C, N) when N < 255 -> rle(R, C, N + 1);
rle(R, C, N) -> <<N, C, (rle(R))/binary>>.
unrle(B) -> << <<(binary:copy(<<C>>, N))/binary>> || <<N, C>> <= B >>.

b64(B) -> << <<(b64c(X))>> || <<X:6>> <= pad(B) >>.
pad(B) -> case bit_size(B) rem 6 of 0 -> B; N -> <<B/bits, 0:(6 - N)>> end.
b64c(X) when X < 26 -> $A + X;
b64c(X) when X < 52 -> $a + X - 26;
b64c(X) when X < 62 -> $0 + X - 52;
b64c(62) -> $+;
b64c(63) -> $/.

varint(N) when N < 128 -> <<0:1, N:7>>;
varint(N) -> <<1:1, N:7, (varint(N bsr 7))/binary>>.
unvarint(<<1:1, X:7, R/binary>>, S, A) -> unvarint(R, S + 7, A bor (X bsl S));
unvarint(<<0:1, X:7, R/binary>>, S, A) -> {A bor (X bsl S), R}.

crc(B) -> T = list_to_tuple([step(I, 8) || I <- lists:seq(0, 255)]), crc(B, T, 16#ffffffff) bxor 16#ffffffff.
crc(<<X, R/binary>>, T, C) -> crc(R, T, element(((C bxor X) band 255) + 1, T) bxor (C bsr 8));
crc(<<>>, _, C) -> C.
step(C, 0) -> C;
step(C, N) when C band 1 =:= 1 -> step(16#edb88320 bxor (C bsr 1), N - 1);
step(C, N) -> step(C bsr 1, N - 1).

table(L) -> B = << <<K:16/little, (length(S)):8, (list_to_binary(S))/binary>> || {K, S} <- L >>, <<"TBL", (length(L)):32/little, B/binary>>.
records(<<"TBL", N:32/little, R/binary>>) -> records(N, R).
records(0, <<>>) -> [];
records(N, <<K:16/little, L, S:L/binary, R/binary>>) -> [{K, S} | records(N - 1, R)].

json(B) -> {V, <<>>} = value(ws(B)), V.
ws(<<C, R/binary>>) when C =:= $\s; C =:= $\n -> ws(R);
ws(B) -> B.
value(<<"true", R/binary>>) -> {true, ws(R)};
value(<<"false", R/binary>>) -> {false, ws(R)};
value(<<"null", R/binary>>) -> {null, ws(R)};
value(<<$", R/binary>>) -> string(R, <<>>);
value(<<$[, R/binary>>) -> elements(ws(R), []);
value(<<${, R/binary>>) -> members(ws(R), []);
value(B) -> number(B, <<>>).
string(<<$", R/binary>>, A) -> {A, ws(R)};
string(<<$\\, $n, R/binary>>, A) -> string(R, <<A/binary, $\n>>);
string(<<C, R/binary>>, A) -> string(R, <<A/binary, C>>).
elements(<<$], R/binary>>, A) -> {lists:reverse(A), ws(R)};
elements(B, A) -> case value(B) of {V, <<$,, R/binary>>} -> elements(ws(R), [V | A]); {V, R} -> elements(R, [V | A]) end.
members(<<$}, R/binary>>, A) -> {lists:reverse(A), ws(R)};
members(<<$", B/binary>>, A) ->
    {K, <<$:, R/binary>>} = string(B, <<>>),
    case value(ws(R)) of {V, <<$,, R2/binary>>} -> members(ws(R2), [{K, V} | A]); {V, R2} -> members(R2, [{K, V} | A]) end.
number(<<C, R/binary>>, A) when C >= $0, C =< $9; C =:= $-; C =:= $.; C =:= $e -> number(R, <<A/binary, C>>);
number(R, A) -> {{number, A}, ws(R)}.

huffman(B) ->
    Freq = maps:to_list(lists:foldl(fun(C, M) -> maps:update_with(C, fun(N) -> N + 1 end, 1, M) end, #{}, binary_to_list(B))),
    Tree = build(lists:sort([{N, C} || {C, N} <- Freq])),
    Codes = maps:from_list(codes(Tree, <<>>)),
    Bits = << <<(maps:get(C, Codes))/bits>> || <<C>> <= B >>,
    {bit_size(Bits), decode(Bits, Tree, Tree) =:= binary_to_list(B)}.
build([{_, T}]) -> T;
build([{A, X}, {B, Y} | R]) -> build(lists:sort([{A + B, {X, Y}} | R])).
codes({L, R}, P) -> codes(L, <<P/bits, 0:1>>) ++ codes(R, <<P/bits, 1:1>>);
codes(C, P) -> [{C, P}].
decode(B, {_, _} = T, Top) -> case B of <<0:1, R/bits>> -> decode(R, element(1, T), Top); <<1:1, R/bits>> -> decode(R, element(2, T), Top); <<>> -> [] end;
decode(B, C, Top) -> [C | decode(B, Top, Top)].

bits_of(B) -> [X || <<X:1>> <= B].

dns(B) -> dns(B, []).
dns(<<0, R/binary>>, A) -> {lists:reverse(A), R};
dns(<<L, S:L/binary, R/binary>>, A) -> dns(R, [S | A]).

rgb565(B) -> << <<(R bsr 3):5, (G bsr 2):6, (Bl bsr 3):5>> || <<R, G, Bl>> <= B >>.

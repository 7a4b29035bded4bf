#!/usr/bin/env escript
%% Writes the tables that core's tests of order, hashes, arithmetic and conversions compare with: run with OTP 27 in this
%% folder. Terms are hex of their external format.
-mode(compile).
-compile(nowarn_deprecated_function).

main(_) ->
    erts_debug:set_internal_state(available_internal_state, true),
    rand:seed(exsss, 42),
    write("hashes.txt", hashes()),
    write("order.txt", order()),
    write("arith.txt", arith()),
    write("floats.txt", floats()),
    write("parse.txt", parse()),
    write("print.txt", print()).

write(File, Lines) ->
    ok = file:write_file(File, [[L, $\n] || L <- Lines]).

hex(T) -> string:lowercase(binary:encode_hex(term_to_binary(T, [{minor_version, 2}]))).

ints() ->
    [0, 1, -1, 2, 7, -7, 10, 255, 256, -256, 65535, 1 bsl 27, (1 bsl 27) - 1, -(1 bsl 27), -(1 bsl 27) - 1,
     1 bsl 31, 1 bsl 32, -(1 bsl 32), 1 bsl 53, (1 bsl 53) + 1, -(1 bsl 53) - 1,
     (1 bsl 59) - 1, 1 bsl 59, -(1 bsl 59), -(1 bsl 59) - 1, (1 bsl 63) - 1, 1 bsl 63, -(1 bsl 63), (1 bsl 64) - 1,
     1 bsl 64, -(1 bsl 64), (1 bsl 64) + 1, 1 bsl 127, (1 bsl 128) - 1, -(1 bsl 128), 1 bsl 128,
     123456789012345678901234567890, -123456789012345678901234567890123456789012345678901234567890,
     1 bsl 200, (1 bsl 1000) - 12345, -(1 bsl 1000), 1 bsl 1023, (1 bsl 1024) - (1 bsl 970), 1 bsl 1024, -(1 bsl 1100)].

floats_of_interest() ->
    [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -1.5, 2.5, -2.5, 0.1, 3.14159, 1.0e10, 1.0e22, 1.0e23, 123456.789, 1.0e-5, 1.0e-10,
     5.0e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
     9007199254740991.0, 9007199254740992.0, 9007199254740993.0, 9007199254740994.0,
     576460752303423488.0, 576460752303423360.0, -576460752303423488.0, 576460752303423616.0,
     18446744073709551616.0, 9223372036854775808.0, 1.0e100, 1.0e200, 1.2345e-7, 100.0, 1.0e21, 0.49999999999999994, 4503599627370495.5].

bits() ->
    Long = list_to_binary(lists:seq(0, 199)),
    <<_:3, Sub/bitstring>> = Long,
    [<<>>, <<1>>, <<"abc">>, <<"abcd">>, <<0:1>>, <<1:1>>, <<5:3>>, <<255, 1:7>>, <<"hello world, this is long">>,
     <<"hello world!">>, <<"hello world!!">>, Long, Sub, <<Long/binary, 3:2>>]
    ++ [list_to_binary(lists:seq(1, N)) || N <- lists:seq(5, 40)].

atoms() -> [a, b, ab, '', 'hello world', 'åäö', 'ñ', 'λx', '日本語', 'Ω', true, false, undefined, 'ÿ', 'Āā'].

lists_() ->
    [[], [1], [1, 2, 3], "hello", "hello world", [255, 256], [256, 1], [a], [a, 1], [1 | 2], [1 | a], [a | b], [[]], [[[]]],
     [[1], [2, [3]]], "abc" ++ [x] ++ "def", [1.0, 2.0], [{}, {}], [[1] | [2]], ["ab", "cd" | <<"ef">>], [-1], [1, -1], [[a], b | c],
     [[a] | <<1>>], [x | <<"tail">>]].

tuples() ->
    [{}, {1}, {a}, {1, 2}, {1, 2, 3}, {a, {}, b, {}}, {{}, a, {}, b}, {1.0, <<"x">>}, {{1, {2, {3}}}, []}, {[1, 2], "ab", 1 bsl 70},
     {a, b, c, d, e, f, g}, {1, {2}}, {{1}, 2}, {<<1:3>>, [], {}}].

maps_() ->
    [#{}, #{1 => 2}, #{2 => 1}, #{1 => 1.0}, #{1.0 => 1}, #{1 => 1}, #{a => 1}, #{b => 1}, #{a => 2}, #{1 => a, 2 => b}, #{1.0 => a, 2 => b},
     #{a => 1, 1 => a, "s" => 3}, #{zeta => 1, alpha => 2}, #{zeta => 2, alpha => 1}, #{#{} => #{}}, #{#{1 => 2} => #{3 => 4}}, #{<<"k">> => <<"v">>},
     #{x => #{y => #{z => 1}}}, #{{1, 2} => [a]}, #{1 => #{2.0 => 3}}, #{1 => #{2 => 3}}, #{0.0 => a}, #{-0.0 => a}, #{0 => a},
     maps:from_list([{I, I * I} || I <- lists:seq(1, 32)])].

big_maps() ->
    [maps:from_list([{I, I} || I <- lists:seq(1, 33)]),
     maps:from_list([{I, I} || I <- lists:seq(2, 34)]),
     maps:from_list([{I, I} || I <- [0.0 | lists:seq(1, 32)]]),
     maps:from_list([{I, I + 1} || I <- lists:seq(1, 33)]),
     maps:from_list([{I, case I of 7 -> 9; 20 -> 1; _ -> I end} || I <- lists:seq(1, 33)]),
     maps:from_list([{I, case I of 7 -> 7.0; _ -> I end} || I <- lists:seq(1, 33)]),
     maps:from_list([{I, [I]} || I <- lists:seq(1, 500)]),
     maps:from_list([{integer_to_binary(I), I} || I <- lists:seq(1, 100)]),
     maps:from_list([{{I, "k"}, #{I => I}} || I <- lists:seq(1, 70)]),
     maps:from_list([{I / 3, I} || I <- lists:seq(1, 40)]),
     #{maps:from_list([{I, I} || I <- lists:seq(1, 40)]) => 1},
     maps:from_list([{maps:from_list([{J, I} || J <- lists:seq(1, 33)]), I} || I <- lists:seq(1, 34)])].

funs() -> [fun erlang:length/1, fun lists:map/2, fun lists:map/3, fun a:b/0, fun 'å':b/0].

random_terms(N) -> [random_term(5) || _ <- lists:seq(1, N)].

random_term(0) -> random_leaf();
random_term(D) ->
    case rand:uniform(8) of
        1 -> [random_term(D - 1) || _ <- lists:seq(1, rand:uniform(5))];
        2 -> list_to_tuple([random_term(D - 1) || _ <- lists:seq(1, rand:uniform(4))]);
        3 -> maps:from_list([{random_term(D - 2), random_term(D - 1)} || D > 1, _ <- lists:seq(1, rand:uniform(4))]);
        4 -> [random_term(D - 1) | random_leaf()];
        5 -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(9))];
        _ -> random_leaf()
    end.

random_leaf() ->
    case rand:uniform(9) of
        1 -> rand:uniform(200) - 100;
        2 -> rand:uniform(1 bsl 60) - (1 bsl 59);
        3 -> rand:uniform(1 bsl 300) - (1 bsl 299);
        4 -> rand:normal() * 1.0e5;
        5 -> rand:bytes(rand:uniform(30));
        6 -> lists:nth(rand:uniform(15), atoms());
        7 -> N = rand:uniform(70), <<X:N/bits, _/bits>> = rand:bytes(9), X;
        8 -> float(rand:uniform(5));
        9 -> rand:uniform(5)
    end.

%% No atoms, as those hash by where they lie in a table.
atomless(A) when is_atom(A) -> A =:= [];
atomless([H | T]) -> atomless(H) andalso atomless(T);
atomless([]) -> true;
atomless(T) when is_tuple(T) -> atomless(tuple_to_list(T));
atomless(M) when is_map(M) -> atomless(maps:to_list(M));
atomless(F) when is_function(F) -> false;
atomless(_) -> true.

hashes() ->
    Ts = ints() ++ floats_of_interest() ++ bits() ++ atoms() ++ lists_() ++ tuples() ++ maps_() ++ big_maps() ++ funs() ++ random_terms(300),
    [io_lib:format("~s ~w ~w ~s",
                   [hex(T), erlang:phash2(T, 1 bsl 32), erlang:phash(T, 1 bsl 32),
                    case atomless(T) of
                        true -> integer_to_list(erts_debug:get_internal_state({internal_hash, T}));
                        false -> "-"
                    end]) || T <- Ts].

order() ->
    Ts = ints() ++ floats_of_interest() ++ lists:sublist(bits(), 14) ++ atoms() ++ lists_() ++ tuples() ++ maps_() ++ funs() ++ big_maps(),
    [hex(T) || T <- Ts] ++ [""] ++ [[relation(A, B) || B <- Ts] || A <- Ts].

relation(A, B) when A =:= B -> $x;
relation(A, B) when A == B -> $e;
relation(A, B) when A < B -> $l;
relation(_, _) -> $g.

value(I) when is_integer(I) -> integer_to_list(I, 36);
value(F) when is_float(F) -> <<B:64>> = <<F/float>>, ["f", integer_to_list(B, 16)].

arith() ->
    Xs = [0, 1, -1, 7, -256, 1 bsl 31, (1 bsl 53) + 1, (1 bsl 59) - 1, 1 bsl 59, -(1 bsl 59), -(1 bsl 59) - 1, 1 bsl 63, -(1 bsl 63),
          (1 bsl 64) - 1, -(1 bsl 64), 1 bsl 127, -(1 bsl 128), 123456789012345678901234567890, -12345678901234567890123456789012345678901,
          (1 bsl 200) - 1, (1 bsl 1024) - (1 bsl 970), -(1 bsl 1030),
          0.0, -0.0, 1.5, -2.5, 1.0e300, -1.0e300, 1.0e-300, 9007199254740993.0, 1.0e20],
    Two = [{'+', fun(X, Y) -> X + Y end}, {'-', fun(X, Y) -> X - Y end}, {'*', fun(X, Y) -> X * Y end}, {'/', fun(X, Y) -> X / Y end},
           {'div', fun(X, Y) -> X div Y end}, {'rem', fun(X, Y) -> X rem Y end}, {'band', fun(X, Y) -> X band Y end},
           {'bor', fun(X, Y) -> X bor Y end}, {'bxor', fun(X, Y) -> X bxor Y end}],
    Shifts = [0, 1, -1, 3, 58, 59, 60, 63, 64, 65, 127, 128, -3, -59, -60, -63, -64, -128, -1000, 1000, 100000000, 1 bsl 59, 1 bsl 70, -(1 bsl 70), 1.0],
    One = [{'neg', fun(X) -> -X end}, {'bnot', fun(X) -> bnot X end}, {'abs', fun(X) -> abs(X) end}, {'trunc', fun(X) -> trunc(X) end},
           {'round', fun(X) -> round(X) end}, {'floor', fun(X) -> floor(X) end}, {'ceil', fun(X) -> ceil(X) end}, {'float', fun(X) -> float(X) end}],
    [[atom_to_list(N), " ", value(X), " ", value(Y), " ", attempt(fun() -> F(X, Y) end)] || {N, F} <- Two, X <- Xs, Y <- Xs]
    ++ [[N, " ", value(X), " ", value(Y), " ", attempt(fun() -> case N of "bsl" -> X bsl Y; "bsr" -> X bsr Y end end)]
        || N <- ["bsl", "bsr"], X <- Xs, Y <- Shifts]
    ++ [[atom_to_list(N), " ", value(X), " 0 ", attempt(fun() -> F(X) end)] || {N, F} <- One, X <- ints() ++ floats_of_interest()].

attempt(F) ->
    try value(F()) catch error:R -> atom_to_list(R) end.

%% Floats and the many ways of writing them.
floats() ->
    Random = [begin <<F/float>> = <<(rand:uniform(1 bsl 63) band 16#7FEFFFFFFFFFFFFF):64>>, F end || _ <- lists:seq(1, 150)]
        ++ [rand:normal() * math:pow(10, rand:uniform(30) - 10) || _ <- lists:seq(1, 150)],
    Fs = floats_of_interest() ++ [1.0e15, 1.0e16, 1.0e17, 9.999999999999999e22, 12345678901234567.0, 0.001, 0.0001, 0.00001, 999.9995, 0.05, 9.995, 1.005, 1.0e-4, 0.5, 99999.5] ++ Random,
    Options = [[], [short], [{decimals, 0}], [{decimals, 2}], [{decimals, 4}, compact], [{decimals, 10}], [{decimals, 20}, compact], [{decimals, 253}],
               [{scientific, 0}], [{scientific, 3}], [{scientific, 15}], [{scientific, 20}], [{scientific, 249}], [compact, {scientific, 5}], [{decimals, 1}]],
    [[value(F), " ", integer_to_list(I), " ", attempt_list(fun() -> float_to_list(F, O) end)] || F <- Fs, {I, O} <- lists:enumerate(0, Options)].

attempt_list(F) ->
    try F() catch error:R -> atom_to_list(R) end.

parse() ->
    Ss = ["", "0", "1", "-1", "+1", "+", "-", "--1", "1a", " 1", "1 ", "12345678901234567890123456789012345678901234567890", "-12345678901234567890", "1_000", "1.0", "-0.0", "+0.0",
          ".5", "5.", "1e5", "1.0e5", "1.0E5", "1.0e+5", "1.0e-5", "1.0e", "1.0e+", "1.0e400", "-1.0e400", "1.0e-400", "1.5x", " 1.5", "1.5 ", "1.0.0", "0001.500", "1,5", "nan", "inf", "0x1p3",
          "1.0e-324", "4.9e-324", "2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308", "123456789.123456789e-3", "00", "-00012", "fF", "Zz", "10", "7fffffff", "1.0e5x", "12abc", "+-1", "1.0e0000000000000005",
          "0.1e1", "-.5", "- 1", "1e", "1.e5", "3.14 foo", "\x{e5}", "1\x{e5}"],
    [begin
         T = fun(F) -> try io_lib:format("~w", [F()]) catch error:R -> ["!", io_lib:format("~w", [R])] end end,
         lists:join($|, [hex(S), T(fun() -> list_to_integer(S) end), T(fun() -> list_to_integer(S, 16) end), T(fun() -> list_to_integer(S, 36) end),
                         T(fun() -> binary_to_integer(list_to_binary(S)) end),
                         T(fun() -> [value(list_to_float(S))] end), T(fun() -> [value(binary_to_float(list_to_binary(S)))] end),
                         T(fun() -> string:to_integer(S) end), T(fun() -> case string:list_to_float(S) of {F, R} when is_float(F) -> {value(F), R}; E -> E end end)])
     end || S <- Ss].

print() ->
    Ts = ints() ++ floats_of_interest() ++ bits() ++ atoms() ++ lists_() ++ tuples() ++ maps_() ++ funs()
        ++ ['Hello', 'a@b_1', '1a', 'a b', 'it\'s', 'x\\y', 'tab\t', 'nl\n', 'nul\0', 'del\d', 'é1', 'Éa', 'and', 'fun', 'end', '_', '_a', 'a.b', 'ab\x{80}', 'ß', 'øA', 'a\x{d7}', '\x{f7}a', '\x{370}'] ++ random_terms(60),
    [[hex(T), " ", string:lowercase(binary:encode_hex(unicode:characters_to_binary(io_lib:format("~tw", [T])))), " ",
      string:lowercase(binary:encode_hex(unicode:characters_to_binary(erts_internal:term_to_string(T, undefined))))] || T <- Ts].

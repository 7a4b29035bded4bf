%% Numbers from text and text from numbers, with every error.
-module(num_conv).
-export([main/0]).

main() ->
    [io:format("~p -> ~w ~w~n", [S, safe(fun() -> list_to_integer(S) end), safe(fun() -> binary_to_integer(list_to_binary(S)) end)]) ||
        S <- ["0", "-0", "+7", "007", "123456789012345678901234567890", "-99999999999999999999", "", "+", "-", "1 ", " 1", "1_000", "0x10", "12a", "1.0", "--1"]],
    [io:format("~p/~w -> ~w~n", [S, B, safe(fun() -> list_to_integer(S, B) end)]) ||
        {S, B} <- [{"ff", 16}, {"FF", 16}, {"-zz", 36}, {"102", 2}, {"777", 8}, {"g", 16}, {"1", 1}, {"1", 37}, {"10", 10}, {"deadbeefdeadbeefdeadbeef", 16}]],
    [io:format("~w ~s ~s ~s~n", [N, integer_to_list(N), integer_to_list(N, 16), integer_to_binary(N, 2)]) ||
        N <- [0, 1, -1, 255, -256, 1 bsl 59, (1 bsl 64) - 1, -(1 bsl 70)]],
    io:format("~s~n", [integer_to_list(3 * (1 bsl 1000) + 17)]),
    io:format("~w~n", [list_to_integer(lists:duplicate(400, $9)) - list_to_integer([$1 | lists:duplicate(399, $0)])]),
    [io:format("~p -> ~w~n", [S, safe(fun() -> list_to_float(S) end)]) || S <- ["1.5", "-1.5e-10", "1e10", "1.", ".5", "nan", "1.0e400", "0.0", "-0.0"]],
    [io:format("~w~n", [safe(F)]) ||
        F <- [fun() -> integer_to_list(a()) end, fun() -> integer_to_binary(1.5 + z()) end, fun() -> list_to_integer(a()) end, fun() -> binary_to_integer("1" ++ [z()]) end,
              fun() -> float_to_list(1 + z()) end, fun() -> float_to_binary(1.0, [bad]) end, fun() -> float_to_list(1.0, [{decimals, -1}]) end,
              fun() -> float_to_list(1.0, [{decimals, 254}]) end, fun() -> binary_to_float(list_to_binary("1")) end]],
    io:format("~w ~w ~w~n", [16#ff, 2#1010, 36#zz]),
    io:format("~w ~w ~w~n", [$a, $\n, $\x{20ac}]),
    io:format("~w ~w~n", [1_000_000, 16#dead_beef]),
    io:format("~w~n", [123456789012345678901234567890123456789012345678901234567890]),
    io:format("~w~n", [-16#ffffffffffffffffffffffffffffffff]),
    io:format("~w ~w~n", [1.0e0, 1.7976931348623157e308]),
    io:format("~w~n", [[trunc(F) || F <- [1.0e18, 1.0e19, 1.0e20, 1.5e300]]]),
    io:format("~w~n", [[float(N) || N <- [1 bsl 60, (1 bsl 60) + 1, 1 bsl 1000]]]),
    io:format("~w~n", [round(4503599627370497.5)]),
    ok.

a() -> list_to_atom("a").
z() -> length([]).

safe(F) -> try F() catch C:R -> {C, R} end.

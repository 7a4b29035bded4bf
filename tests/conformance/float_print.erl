%% Every way to turn a float into text, and back.
-module(float_print).
-export([main/0]).

main() ->
    Fs = [0.0, -0.0, 1.0, 0.1, 0.2, 0.3, 1.0e-5, 1.0e-4, 0.001, 123.456, 1.0e10, 1.0e15, 1.0e16, 1.0e17, 1.0e21, 1.0e22,
          1.0e23, 5.0e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 3.141592653589793, 2.0e100, 9007199254740993.0,
          123456789012345680.0, 4.35, 0.1 + 0.2, 100.0, 1.0e100, 1.5e-10, -17.25, 299792458.0, 6.62607015e-34,
          -920863821570965.25, 1501199875790165.25, 1501199875790165.75, 98303.999267578125],
    [io:format("~w | ~p | ~s~n", [F, F, float_to_list(F, [short])]) || F <- Fs],
    [io:format("~s~n", [float_to_list(F)]) || F <- Fs],
    [io:format("~s ~s~n", [float_to_list(F, [{decimals, 4}]), float_to_list(F, [{decimals, 10}, compact])]) ||
        F <- Fs, abs(F) < 1.0e30],
    [io:format("~s ~s~n", [float_to_list(F, [{scientific, 3}]), float_to_list(F, [{scientific, 15}])]) || F <- Fs],
    [io:format("~s~n", [float_to_binary(F, [short])]) || F <- [1.0, 2.5e-7, -1.0e99]],
    [io:format("~w~n", [float_to_binary(F, [{decimals, 2}, compact])]) || F <- [1.0, 2.5, 2.345, 0.005, 99.999]],
    [io:format("~f ~.2f ~.1f ~e ~.3e ~g~n", [F, F, F, F, F, F]) || F <- [0.0, 1.0, -1.5, 123.456, 0.00001234, 98765.4321, 2.5, 3.5]],
    [io:format("~10.3f|~-10.3f|~12.4e|~10w|~-10w|~n", [F, F, F, F, F]) || F <- [1.5, -2.25]],
    [io:format("~w ~w~n", [list_to_float(S), binary_to_float(list_to_binary(S))]) ||
        S <- ["1.0", "-1.5", "1.0e10", "1.5E-3", "0.1", "123456789.123456789", "1.0e308", "4.9e-324", "+2.5"]],
    [io:format("~w~n", [F =:= list_to_float(float_to_list(F, [short]))]) || F <- Fs],
    [io:format("~p: ~w~n", [S, try list_to_float(S) catch C:R -> {C, R} end]) || S <- ["", "1", "1.", ".5", "1e5", "a", "1.0e", "1.0e999", " 1.0"]],
    ok.

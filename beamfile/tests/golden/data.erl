%% Literals of every kind, records, big integers, odd atoms.
-module(data).
-export([all/0, 'Odd name'/1, bigger/1]).
-record(point, {x = 0 :: integer(), y = 0 :: integer(), name}).

all() ->
    [{"text", <<"binary">>, <<5:3>>, 1.0e300, -0.0, 1.0e-7},
     #{a => 1, <<"b">> => [1, 2 | three]},
     fun erlang:abs/1,
     123456789012345678901234567890123456789012345678901234567890,
     [[], {}, #{}, 'räksmörgås', 'with \'quotes\'', "åäö", [1, 256]],
     #point{name = none}].

'Odd name'(P) -> P#point{x = P#point.x + 1, y = 7}.

bigger(N) -> (N + 1180591620717411303424) bxor -18446744073709551617.

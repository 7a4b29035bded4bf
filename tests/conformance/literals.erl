%% Huge and unusual literals, shared constants, constants in messages.
-module(literals).
-export([main/0]).
-define(LIST, [a, {b, "c", 4.5}, #{k => [v]}, <<"bin">>, 123456789012345678901234567890]).

main() ->
    io:format("~p~n", [?LIST]),
    io:format("~w~n", [?LIST =:= lists:reverse(lists:reverse(?LIST))]),
    io:format("~w~n", [length(big())]),
    io:format("~w~n", [lists:sum(big())]),
    io:format("~w~n", [tuple_size(tuple())]),
    io:format("~w~n", [maps:get(20, table())]),
    io:format("~w~n", [byte_size(text())]),
    io:format("~s~n", [binary:part(text(), 0, 20)]),
    Self = self(),
    P = spawn(fun() -> receive X -> Self ! {back, X} end end),
    P ! table(),
    io:format("~w~n", [receive {back, T} -> T =:= table() end]),
    io:format("~w~n", [maps:get(1, (table())#{1 := changed})]),
    io:format("~w~n", [maps:get(1, table())]),
    io:format("~w~n", [setelement(1, tuple(), x) =/= tuple()]),
    io:format("~w~n", [(fun() -> [1, 2, {three}] end)()]),
    io:format("~w~n", [[X || {X, _} <- [{1, a}, {2, b}]]]),
    io:format("~w~n", ["con" "cat" "enated"]),
    io:format("~ts~n", ["unicode: åäö € 日本"]),
    io:format("~w~n", [<<"utf8: €"/utf8>>]),
    io:format("~w~n", ["""
        triple quoted
          string "with" quotes
        """]),
    io:format("~w ~w~n", [~"sigil binary", ~s"sigil string"]),
    io:format("~w~n", [16#ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff]),
    io:format("~w~n", [{-1, -576460752303423488, 576460752303423487, 576460752303423488, -576460752303423489, 9223372036854775807, 9223372036854775808}]),
    io:format("~w~n", [[fun lists:map/2, fun erlang:'+'/2]]),
    io:format("~w~n", [case [1, 2, 3] of [1, 2 | _] -> yes end]),
    io:format("~w~n", [match(#{k => {1, "two"}})]),
    ok.

big() -> [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,1000000,2000000,3000000,4000000000,5000000000000].
tuple() -> {a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,{nested,[tuple]},"string",1.5,<<1,2,3>>}.
table() -> #{1 => one, 2 => two, 3 => [three], 4 => {four}, 5 => "five", 6 => <<"six">>, 7 => 7.0, 8 => 8, 9 => #{9 => 9}, 10 => 10,
             11 => a, 12 => a, 13 => a, 14 => a, 15 => a, 16 => a, 17 => a, 18 => a, 19 => a, 20 => twenty, 21 => a, 22 => a, 23 => a,
             24 => a, 25 => a, 26 => a, 27 => a, 28 => a, 29 => a, 30 => a, 31 => a, 32 => a, 33 => a, 34 => a, 35 => a, 36 => a}.
text() -> <<"A literal binary of more than sixty-four bytes lives outside of the heap, in the module's own literal area.">>.

match(#{k := {N, "two"}}) -> {found, N};
match(_) -> not_found.

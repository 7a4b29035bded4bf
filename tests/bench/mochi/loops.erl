-module(loops).
-export([main/0]).
main() -> io:format("~w~n", [outer(0, 0)]).
outer(1000, S) -> S;
outer(I, S) -> outer(I + 1, inner(I, 0, S)).
inner(_, 1000, S) -> S;
inner(I, J, S) -> inner(I, J + 1, S + (I * J) rem 7).
